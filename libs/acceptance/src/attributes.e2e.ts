import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AttributeRegistry, openPartial, type OpenedRecord, personIdOf, type RecipientKey, recipientKeyOf, type RecordRequest, recordRequestBytes, recordRequestDomain, type ReleasedRecord, requestRecord, sealPartial, SigningKey } from '@boop/identity';
import { type Consent } from '@boop/protocol';
import { type AttributeNetwork, openAttributes, systemRng } from '@boop/sdk';
import { isBoopError, toBase64Url } from '@boop/shared';
import { Attacker } from './attributes/attacker.ts';
import { attributeNetworkOf, Issuer, Person, vendorKey } from './attributes/person.ts';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { syntheticPalmOf } from './palms.ts';
import { postJson, Shop } from './shop.ts';
import { query } from './stock-clients.ts';

const purpose = 'access';
/** How many releases the attacker watches; a longer run takes more. */
const watchedReleases = Number(process.env['BOOP_WATCHED_RELEASES'] ?? 30);
const palm = syntheticPalmOf(41);
const issuer = new Issuer('civil-registry');
let network: RunningNetwork;
let shop: Shop;
let keys: AttributeNetwork;
let registry: AttributeRegistry;
let person: Person;
let vendor: RecipientKey;
let consent: Consent;

const now = (): number => Math.floor(Date.now() / 1000);
const database = (): string => network.adminUrl('attributes');
const personId = (of: Person): string => personIdOf(network.manifest.networkId, of.key.publicKey);

beforeAll(async () => {
  network = await startNetwork({ nodes: 4, threshold: 1 });
  shop = new Shop(network);
  keys = await attributeNetworkOf(network);
  vendor = await vendorKey();
  person = new Person(network, keys);
  await person.register(palm);
  expect(await issuer.accredit(network, ['birth_date', 'is_adult'])).toBe(201);
  registry = await person.attributes.registry();
  const text = { purpose, version: '1', locale: 'en', title: 'Access', text: 'The shop learns what you allow.' };
  expect((await postJson(`${network.gatewayUrl}/v1/consent-texts`, network.credentials.admin.key, text)).status).toBe(201);
}, 300_000);

afterAll(async () => {
  shop?.close();
  await network?.dispose();
}, 120_000);

const give = async (of: Person, attributes: readonly string[], recipientKey = vendor.publicKey): Promise<Consent> => {
  const text = (await of.consents.texts()).find((candidate) => candidate.purpose === purpose)!;
  return await of.consents.give({ vendorId: shop.vendorId, recipientKey, text, attributes: attributes.map((name) => ({ name, positions: ['right-palm'] })), expiresAt: now() + 3_600 });
};

const opened = async (sealed: Parameters<typeof openAttributes>[0], recipient = vendor): Promise<OpenedRecord[]> => await openAttributes(sealed, recipient, { network: keys, registry, now: now() });

type Input<A extends RecordRequest['action']> = Omit<Extract<RecordRequest, { action: A }>, 'v' | 'kind' | 'networkId' | 'accountKey' | 'nonce' | 'issuedAt' | 'expiresAt'>;
const request = (of: Person, input: Input<'release'> | Input<'read'>, changes: Partial<RecordRequest> = {}) =>
  requestRecord({ v: 1, kind: 'record-request', networkId: network.manifest.networkId, accountKey: of.key.publicKey, nonce: toBase64Url(systemRng.bytes(16)), issuedAt: now(), expiresAt: now() + 30, ...input, ...changes } as RecordRequest, of.key);
const post = async (path: string, body: unknown) => {
  const response = await fetch(`${network.gatewayUrl}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const release = (attribute: string, of = consent): Input<'release'> => ({ action: 'release', attribute, consentId: of.consentId, vendorId: shop.vendorId, purpose });

// The tests tell one story, in order.
describe('attributes of a person', () => {
  test('are written on the own device, attested where they must be, and read back', async () => {
    await person.attributes.write('email', 'ada@example.org');
    await person.attributes.write('birth_date', '1984-02-29', issuer.attestation());
    const { version, logEntry } = await person.attributes.write('is_adult', true, issuer.attestation());
    expect(version).toBe(1);
    const values = await person.attributes.readAll();
    expect(values.map(({ attribute, value, document }) => [attribute, value, document.source])).toEqual([
      ['birth_date', '1984-02-29', 'verified'],
      ['email', 'ada@example.org', 'user'],
      ['is_adult', true, 'computed'],
    ]);
    await expect(shop.vendor.getLogProof(logEntry, { waitMs: 60_000 })).resolves.toBeDefined();
  });

  test.each([
    ['attribute.invalid-value', 'email', 'ada@', undefined],
    ['attribute.invalid-value', 'phone', '0446681800', undefined],
    ['attribute.unknown', 'shoe_size', 42, undefined],
    ['attribute.malformed', 'birth_date', '1984-02-29', undefined],
    ['attribute.unknown-issuer', 'is_adult', true, () => new Issuer('nobody').attestation()],
    ['attribute.expired', 'is_adult', true, () => issuer.attestation(now() + 12)],
  ])('are refused with %s: %s', async (expected, attribute, value, attestationOf) => {
    const attestation = attestationOf?.();
    if (expected === 'attribute.expired') {
      const expiring = { ...attestation!, attest: async (document: Parameters<NonNullable<typeof attestation>['attest']>[0]) => (await until(async () => now() >= document.expiresAt!, 60_000), await attestation!.attest(document)) };
      await expect(person.attributes.write(attribute, value, expiring)).rejects.toMatchObject({ code: expected });
      return;
    }
    await expect(person.attributes.write(attribute, value, attestation)).rejects.toMatchObject({ code: expected });
  });

  test('nobody without a registration writes any', async () => {
    await expect(new Person(network, keys).attributes.write('email', 'eve@example.org')).rejects.toMatchObject({ code: 'release.unknown-account' });
  });

  test('go to a vendor with an authentication, exactly those consented to', async () => {
    const before = await shop.authenticate(palm.others[0]!, { requiredAttributes: ['is_adult'] });
    expect(before).toMatchObject({ outcome: 'rejected', reason: 'vendor-not-consented' });
    consent = await give(person, ['is_adult', 'phone', 'birth_date']);
    const result = await shop.authenticate(palm.others[1]!, { minimumAge: 18, optionalAttributes: ['email', 'phone'] });
    if (result.outcome !== 'accepted') throw new Error(JSON.stringify(result));
    const values = await opened(result.authentication.result!.attributes!);
    expect(values.map(({ attribute, value, blame }) => [attribute, value, blame])).toEqual([['is_adult', true, []]]);
    await expect(opened(result.authentication.result!.attributes!, await vendorKey())).rejects.toMatchObject({ code: 'release.unreadable' });
    await expect(shop.authenticate(palm.others[2]!, { requiredAttributes: ['is_adult', 'phone'] })).resolves.toMatchObject({ outcome: 'rejected', reason: 'user-missing-attributes', missing: ['phone'] });
    await expect(shop.authenticate(palm.others[2]!, { minimumAge: 21 })).resolves.toMatchObject({ outcome: 'rejected', reason: 'user-missing-attributes', missing: ['age_over_21'] });
    await expect(shop.authenticate(palm.others[3]!, { type: 'entrance', requiredAttributes: ['is_adult'] })).resolves.toMatchObject({ outcome: 'rejected', reason: 'vendor-not-consented' });
  }, 120_000);

  test('go to a vendor because the own device asks, once a request, within the consent', async () => {
    const asked = request(person, release('is_adult'));
    const first = await post('/v1/attributes/releases', { request: asked });
    expect(first.status).toBe(200);
    expect((await opened(first.body['sealed'] as never)).map(({ value }) => value)).toEqual([true]);
    const refusals: [string, unknown][] = [
      ['release.replayed', asked],
      ['consent.wrong-purpose', request(person, { ...release('is_adult'), purpose: 'payment' })],
      ['consent.wrong-vendor', request(person, { ...release('is_adult'), vendorId: 'another-shop' })],
      ['consent.wrong-attribute', request(person, release('email'))],
      ['release.unknown-consent', request(person, { ...release('is_adult'), consentId: 'c-unknown' })],
      ['release.stale-request', request(person, release('is_adult'), { issuedAt: now() - 100, expiresAt: now() - 40 })],
      ['release.stale-request', request(person, release('is_adult'), { expiresAt: now() + 3_600 })],
      ['release.wrong-network', request(person, release('is_adult'), { networkId: 'other' })],
      ['owner.bad-signature', { ...asked, record: { ...asked.record, nonce: toBase64Url(systemRng.bytes(16)) } }],
      ['owner.bad-signature', { record: asked.record, signed: { method: 'account-key', signature: SigningKey.generate(systemRng).sign(recordRequestDomain, recordRequestBytes({ ...asked.record, nonce: toBase64Url(systemRng.bytes(16)) })) } }],
    ];
    for (const [expected, refused] of refusals) expect([expected, (await post('/v1/attributes/releases', { request: refused })).body['code']]).toEqual([expected, expected]);
    const history = await person.attributes.releases();
    expect(history.filter(({ vendorId }) => vendorId === shop.vendorId).map(({ attribute, by }) => [attribute, by])).toEqual([['is_adult', 'device'], ['is_adult', 'palm']]);
  });
});

describe('an attacker', () => {
  const seen: ReleasedRecord[] = [];
  /** Of the last release that was watched. */
  let device: RecipientKey;
  /** What the attributes service sees of a release: documents, ciphertext, sealed partial results. */
  const watched = async (attribute: string): Promise<ReleasedRecord> => {
    device = await recipientKeyOf(systemRng.bytes(32));
    let record: ReleasedRecord | undefined;
    // Nodes that stand still on a busy machine give none.
    await until(async () => (record = (await post('/v1/attributes/reads', { request: request(person, { action: 'read', attribute, recipientKey: device.publicKey }) })).body['record'] as ReleasedRecord | undefined) !== undefined, 60_000);
    return record!;
  };

  test('with all databases and services, one node, and what passed in many releases reads nothing; with three nodes everything', async () => {
    for (let i = 0; i < watchedReleases; i++) seen.push(await watched(['email', 'birth_date', 'is_adult'][i % 3]!));
    const few = await Attacker.of(network, [2]);
    // The stolen HPKE key is the one that others seal to: had this node been the recipient, its partials would open.
    expect(few.recipients.map(({ publicKey }) => publicKey)).toEqual([network.manifest.members[1]!.hpkeKey]);
    const { document, partials } = seen.at(-1)!;
    const toNode = await sealPartial(await openPartial(device, document.recordId, partials[0]!), few.recipients[0]!.publicKey);
    await expect(openPartial(few.recipients[0]!, document.recordId, toNode)).resolves.toMatchObject({ party: toNode.party });
    for (const record of seen.slice(0, 12)) expect(await few.open(record, seen)).toBeUndefined();
    const dump = JSON.stringify(await query(database(), 'SELECT person_id, attribute, document::text, encode(ciphertext, \'escape\') AS c FROM attribute_values'));
    for (const value of ['ada@example.org', '1984-02-29']) expect(dump).not.toContain(value);
    // The same code with 2t+1 nodes in its hands: had it looked wrongly, it would find nothing here either.
    const many = await Attacker.of(network, [1, 2, 3]);
    expect(await many.open(seen[0]!)).toBe('ada@example.org');
    expect(await many.open(seen[1]!)).toBe('1984-02-29');
  }, 900_000);

  test('learns nothing of later versions either', async () => {
    await person.attributes.write('email', 'countess@example.org');
    const later = await watched('email');
    expect(later.document.version).toBe(2);
    expect(await (await Attacker.of(network, [2])).open(later, seen)).toBeUndefined();
    expect(await (await Attacker.of(network, [1, 2, 4])).open(later)).toBe('countess@example.org');
  });

  const tampering: [string, (id: string) => Promise<() => Promise<unknown>>][] = [
    ['swaps the values of two attributes', async (id) => await exchange(id, "UPDATE attribute_values SET ciphertext = (SELECT ciphertext FROM attribute_values WHERE person_id = $1 AND attribute = 'birth_date') WHERE person_id = $1 AND attribute = 'email'")],
    ['swaps whole rows', async (id) => await exchange(id, "UPDATE attribute_values a SET ciphertext = b.ciphertext, document = b.document FROM attribute_values b WHERE b.person_id = $1 AND b.attribute = 'is_adult' AND a.person_id = $1 AND a.attribute = 'email'")],
    ['flips a bit of a value', async (id) => await exchange(id, "UPDATE attribute_values SET ciphertext = set_bit(ciphertext, 100, 1 - get_bit(ciphertext, 100)) WHERE person_id = $1 AND attribute = 'email'")],
    ['alters a document', async (id) => await exchange(id, "UPDATE attribute_values SET document = jsonb_set(document, '{record,validFrom}', '1') WHERE person_id = $1 AND attribute = 'email'")],
    ['deletes a row', async (id) => await exchange(id, "DELETE FROM attribute_values WHERE person_id = $1 AND attribute = 'email'")],
    ['moves a row to another person', async (id) => await exchange(id, "UPDATE attribute_values SET person_id = 'somebody-else' WHERE person_id = $1 AND attribute = 'email'")],
  ];
  /** Changes rows and gives back how to restore them. */
  async function exchange(id: string, statement: string): Promise<() => Promise<unknown>> {
    const rows = await query<Record<string, unknown>>(database(), 'SELECT * FROM attribute_values WHERE person_id = $1', [id]);
    await query(database(), statement, [id]);
    return async () => {
      await query(database(), "DELETE FROM attribute_values WHERE person_id IN ($1, 'somebody-else')", [id]);
      for (const row of rows) {
        const values = [row['person_id'], row['attribute'], row['version'], JSON.stringify(row['document']), row['ciphertext'], row['opening'], row['written_at']];
        await query(database(), 'INSERT INTO attribute_values (person_id, attribute, version, document, ciphertext, opening, written_at) VALUES ($1, $2, $3, $4, $5, $6, $7)', values);
      }
    };
  }

  test.each(tampering)('who %s in the database is found out', async (_, tamper) => {
    const restore = await tamper(personId(person));
    await expect(person.attributes.read('email')).rejects.toMatchObject({ code: 'attribute.tampered' });
    await restore();
    await expect(person.attributes.read('email')).resolves.toMatchObject({ value: 'countess@example.org' });
  });

  test('who rolls the database back to an older version is found out', async () => {
    const id = personId(person);
    const older = await query<Record<string, unknown>>(database(), "SELECT * FROM attribute_values WHERE person_id = $1 AND attribute = 'email'", [id]);
    await person.attributes.write('email', 'lovelace@example.org');
    const newer = await query<Record<string, unknown>>(database(), "SELECT * FROM attribute_values WHERE person_id = $1 AND attribute = 'email'", [id]);
    expect(newer.map(({ version }) => version)).toEqual([3]);
    const put = async ([row]: Record<string, unknown>[]) =>
      await query(database(), "UPDATE attribute_values SET version = $2, document = $3, ciphertext = $4 WHERE person_id = $1 AND attribute = 'email'", [id, row!['version'], JSON.stringify(row!['document']), row!['ciphertext']]);
    await put(older);
    await expect(person.attributes.read('email')).rejects.toMatchObject({ code: 'attribute.tampered' });
    await put(newer);
    await expect(person.attributes.read('email')).resolves.toMatchObject({ value: 'lovelace@example.org' });
  });
});

describe('a revocation', () => {
  test('ends releases: of a thousand at once none is answered after it is acknowledged', async () => {
    const answered: number[] = [];
    const codes = new Map<string, number>();
    let begun = 0;
    let acknowledged = Infinity;
    let acknowledgedMs = Infinity;
    let revoke: Promise<void> | undefined;
    /** Nodes that stand still on a busy machine acknowledge nothing; then the person asks again. */
    const revoked = async (): Promise<void> => {
      await until(async () => (await person.consents.revoke(consent).catch((error: unknown) => (isBoopError(error) && error.kind === 'unavailable' ? undefined : Promise.reject(error as Error))))?.status === 'revoked', 60_000);
      // The clock of the database is the one that tells the time of day: the other one may have drifted from it since this process started.
      [acknowledged, acknowledgedMs] = [performance.now(), Date.now()];
    };
    const refused = (): number => codes.get('release.revoked') ?? 0;
    const worker = async (): Promise<void> => {
      // A machine on which the revocation takes longer answers more of them before.
      while (begun < 1_000 || (refused() <= 500 && begun < 5_000)) {
        begun += 1;
        const begunAt = performance.now();
        const { status, body } = await post('/v1/attributes/releases', { request: request(person, release('is_adult')) });
        if (status === 200) {
          answered.push(performance.now());
          expect(begunAt).toBeLessThanOrEqual(acknowledged);
        } else codes.set(String(body['code']), (codes.get(String(body['code'])) ?? 0) + 1);
        if (answered.length >= 60 && !revoke) (revoke = revoked()).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: 12 }, worker));
    await revoke!;
    expect(answered.length).toBeGreaterThanOrEqual(60);
    // What was answered before may have been on its way still; the time at which it was answered is exact in the database.
    expect(Math.max(...answered)).toBeLessThanOrEqual(acknowledged + 60_000);
    expect(refused()).toBeGreaterThan(500);
    const rows = await query<{ last: Date }>(database(), 'SELECT max(at) AS last FROM releases WHERE consent_id = $1', [consent.consentId]);
    expect(rows[0]!.last.getTime()).toBeLessThanOrEqual(acknowledgedMs);
    await expect(shop.authenticate(palm.others[4]!, { requiredAttributes: ['is_adult'] })).resolves.toMatchObject({ outcome: 'rejected', reason: 'vendor-not-consented' });
  }, 180_000);

  test('is not acknowledged while too few nodes hear of it, and stands once they do', async () => {
    const other = await give(person, ['is_adult']);
    await network.killNode(4);
    await network.killNode(3);
    await expect(person.consents.revoke(other)).rejects.toMatchObject({ kind: 'unavailable' });
    await network.startNode(3);
    await network.startNode(4);
    await network.settled();
    await until(async () => (await person.consents.revoke(other).catch(() => undefined))?.status === 'revoked', 60_000);
    await until(async () => (await post('/v1/attributes/releases', { request: request(person, release('is_adult', other)) })).body['code'] === 'release.revoked', 60_000);
  }, 180_000);
});

describe('an erasure', () => {
  test('leaves neither values nor keys nor openings, and proofs of old entries still verify', async () => {
    const { logEntry } = await person.attributes.write('postal_code', '8001');
    const before = await shop.vendor.getLogProof(logEntry, { waitMs: 60_000 });
    const kept = await query(database(), 'SELECT document, ciphertext FROM attribute_values WHERE person_id = $1', [personId(person)]);
    expect(kept.length).toBeGreaterThan(2);
    await until(async () => (await person.consents.erase().catch(() => undefined)) !== undefined, 60_000);
    for (const table of ['attribute_values', 'releases']) expect(await query(database(), `SELECT 1 FROM ${table} WHERE person_id = $1`, [personId(person)])).toEqual([]);
    await until(async () => (await query(database(), "SELECT 1 FROM feed_entries WHERE person_id = $1 AND type <> 'erasure' AND document IS NOT NULL", [personId(person)])).length === 0, 60_000);
    // A backup of the rows is of no use: the nodes have no record left for which they would give a key.
    expect((await post('/v1/attributes/reads', { request: request(person, { action: 'read', attribute: 'email', recipientKey: vendor.publicKey }) })).body['code']).toBe('attribute.missing');
    expect(await person.attributes.list()).toEqual([]);
    await expect(shop.vendor.verifyProof(before)).resolves.toMatchObject({ entry: { kind: 'attributes' } });
    await expect(shop.vendor.getLogProof(logEntry, { waitMs: 60_000 })).resolves.toBeDefined();
  }, 180_000);

  test('does not keep the person from beginning anew, under versions that never were', async () => {
    const { version } = await person.attributes.write('email', 'new@example.org');
    expect(version).toBe(4);
    await expect(person.attributes.read('email')).resolves.toMatchObject({ value: 'new@example.org' });
  });

});

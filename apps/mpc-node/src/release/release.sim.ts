import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { openReleased, openRelease, type RecipientKey, recipientKeyOf, recordIdOf, personIdOf, recordRequestHash, recoverKey, revokeConsent, partialResultBytes, sealPartial, type Sealed, type SealedPartial, signAsOwner, erasureRequestBytes, erasureRequestDomain, type ErasureRequest, SigningKey, type SignedGrant } from '@boop/identity';
import { fromUtf8, type Rng, toBase64Url } from '@boop/shared';
import { systemRng } from '@boop/platform';
import { prfEvaluate } from '@boop/threshold';
import { type PeerAnswer, type PeerBody } from '../link/peer-methods.ts';
import { AttributeSide, Owner } from '../testing/attribute-fixtures.ts';
import { authenticationContext, capture, enrolment, probe, randomPalm } from '../testing/fixtures.ts';
import { MemoryNetwork } from '../testing/memory-network.ts';

const rng: Rng = systemRng;
const all = [1, 2, 3, 4, 5];
let right: Int8Array;
let left: Int8Array;
let network: MemoryNetwork;
let side: AttributeSide;
let owner: Owner;
let vendor: RecipientKey;

beforeAll(async () => {
  network = await MemoryNetwork.create({ nodes: 5, threshold: 1 }, rng);
  side = new AttributeSide(network);
}, 120_000);

/** A person whom nobody has seen before. */
beforeEach(async () => {
  side.beat();
  owner = new Owner(SigningKey.generate(rng), network, side);
  vendor = await recipientKeyOf(rng.bytes(32));
  [right, left] = [randomPalm(rng), randomPalm(rng)];
  await network.node(1).registrations.run(await enrolment({ ...network.splitter, device: owner.key }, { 'right-palm': right, 'left-palm': left }, network.clock.nowMs()));
}, 120_000);

afterAll(() => network.stop());

const code = (value: string) => ({ code: value });
const evaluate = async (party: number, request: ReturnType<Owner['request']>) => await network.node(party).release.releases.evaluate(request);
const readRequest = (attribute = 'email', changes = {}) => owner.request({ action: 'read', recipientKey: vendor.publicKey }, attribute, changes);
const releaseRequest = (grant: SignedGrant, attribute = 'email', changes = {}) => owner.request({ action: 'release', consentId: grant.record.consentId, vendorId: 'vendor-1', purpose: 'access' }, attribute, changes);
const authenticate = async (palm: Int8Array, attributes: { required: string[]; optional: string[] }, leader = 2) => {
  side.beat();
  const context = authenticationContext(network.manifest, rng, network.clock.nowMs(), { attributes });
  return await network.node(leader).authentications.run(await probe(network.splitter, context, capture(palm, rng)));
};
const valuesIn = async (sealed: Sealed | undefined) => {
  const { records } = await openRelease(vendor, sealed!);
  return await Promise.all(records.map(async (record) => await openReleased(record, vendor, owner.networkKeys)));
};
const both = (name: string) => ({ name, positions: ['left-palm' as const, 'right-palm' as const] });

describe('a release after an authentication', () => {
  test('carries exactly what was asked for and consented to, for the palm that was shown', async () => {
    await owner.write('email', 'ada@example.org');
    await owner.write('phone', '+41446681800');
    await owner.write('country', 'CH');
    await side.publish({ type: 'grant', document: owner.grant(vendor, [both('email'), { name: 'phone', positions: ['left-palm'] }]) });
    const byRight = await authenticate(right, { required: ['email'], optional: ['phone', 'country'] });
    expect(byRight).toMatchObject({ accepted: true, verified: true });
    expect((await valuesIn(byRight.released)).map(({ attribute, value }) => [attribute, value])).toEqual([['email', 'ada@example.org']]);
    const byLeft = await authenticate(left, { required: ['email'], optional: ['phone', 'country'] }, 4);
    expect((await valuesIn(byLeft.released)).map(({ attribute }) => attribute)).toEqual(['email', 'phone']);
    expect((await authenticate(right, { required: [], optional: ['country'] })).released).toBeUndefined();
  }, 120_000);

  test('is refused, with the reason, where the vendor may not have what it requires', async () => {
    await owner.write('email', 'ada@example.org');
    await expect(authenticate(right, { required: ['phone'], optional: [] })).resolves.toMatchObject({ accepted: false, reason: 'user-missing-attributes' });
    const refused = await authenticate(right, { required: ['email'], optional: [] });
    expect(refused).toMatchObject({ accepted: false, reason: 'vendor-not-consented' });
    expect(refused).not.toHaveProperty('missing');
    const grant = owner.grant(vendor, [{ name: 'email', positions: ['left-palm'] }]);
    await side.publish({ type: 'grant', document: grant });
    await expect(authenticate(right, { required: ['email'], optional: [] })).resolves.toMatchObject({ accepted: false, reason: 'vendor-not-consented' });
    await expect(authenticate(left, { required: ['email'], optional: [] })).resolves.toMatchObject({ accepted: true });
    const revocation = revokeConsent({ grant: grant.record, revokedAt: grant.record.givenAt + 1, nonce: toBase64Url(rng.bytes(32)) }, owner.key);
    await side.publish({ type: 'revocation', document: revocation });
    await expect(authenticate(left, { required: ['email'], optional: [] })).resolves.toMatchObject({ accepted: false, reason: 'vendor-not-consented' });
  }, 120_000);

  test('that is refused lists exactly the required attributes that are missing, as t+1 nodes find them', async () => {
    await owner.write('email', 'ada@example.org');
    const refused = await authenticate(right, { required: ['email', 'phone', 'phone'], optional: ['country'] });
    expect(refused).toMatchObject({ accepted: false, reason: 'user-missing-attributes', missing: { names: ['phone'] } });
    expect(refused.missing!.signatures).toHaveLength(3);
    expect(fromUtf8(refused.entry)).not.toMatch(/missing|phone/);
    const nobody = await authenticate(randomPalm(rng), { required: ['email', 'phone'], optional: [] });
    expect(nobody).toMatchObject({ accepted: false, reason: 'no-match' });
    expect(nobody).not.toHaveProperty('missing');
  }, 120_000);

  test.each<[string, Record<number, string[]>, string[] | undefined]>([
    ['one node that invents names', { 3: ['email', 'shoe_size'] }, ['phone', 'country']],
    ['one node that drops one', { 1: ['country'] }, ['phone', 'country']],
    ['more nodes than may lie', { 1: ['country'], 3: ['email'] }, undefined],
  ])('that is refused does not believe %s', async (_, lies, names) => {
    await owner.write('email', 'ada@example.org');
    // They sign it, each with its own key.
    const spies = Object.entries(lies).map(([party, missing]) => jest.spyOn(network.node(Number(party)).release.sessions, 'refusalOf').mockReturnValue({ reason: 'user-missing-attributes', missing }));
    const refused = await authenticate(right, { required: ['email', 'phone', 'country'], optional: [] });
    expect(spies.every(({ mock }) => mock.calls.length > 0)).toBe(true);
    for (const spy of spies) spy.mockRestore();
    expect(refused).toMatchObject({ accepted: false, reason: 'user-missing-attributes' });
    expect(refused.missing?.names).toEqual(names);
    for (const { party } of refused.missing?.signatures ?? []) expect(Object.keys(lies)).not.toContain(String(party));
  }, 120_000);

  test('that is refused counts no list that its node has not signed', async () => {
    const unsigned = toBase64Url(new Uint8Array(64));
    network.hub.onAnswer = (_from, to, method, answer) => {
      const { missing, ...rest } = answer as PeerAnswer<'decision.reject'>;
      return method === 'decision.reject' && to === 3 && missing ? { ...rest, missing: { ...missing, signature: unsigned } } : answer;
    };
    const refused = await authenticate(right, { required: ['email'], optional: [] });
    network.hub.onAnswer = undefined;
    expect(refused.missing).toMatchObject({ names: ['email'], signatures: [{ party: 2 }, { party: 1 }] });
  }, 120_000);

  test('does without a node that lies about its part, and names it', async () => {
    await owner.write('email', 'ada@example.org');
    await side.publish({ type: 'grant', document: owner.grant(vendor, [both('email')]) });
    const other = await recipientKeyOf(rng.bytes(32));
    network.hub.onAnswer = (_from, to, method, answer) => {
      if (method !== 'release.authorise' || to !== 4) return answer;
      const { records } = answer as { records: { partial: SealedPartial }[] };
      // A part of another key, sealed as it should be.
      return { records: records.map((record) => ({ ...record, partial: { party: 4, sealed: { ...record.partial.sealed, enc: other.publicKey } } })) };
    };
    const [email] = await valuesIn((await authenticate(right, { required: ['email'], optional: [] })).released);
    expect(email).toMatchObject({ value: 'ada@example.org', blame: [4] });
    network.hub.onAnswer = undefined;
  }, 120_000);

  test('happens once a session, and not for an authentication that is long past', async () => {
    await owner.write('email', 'ada@example.org');
    await side.publish({ type: 'grant', document: owner.grant(vendor, [both('email')]) });
    const again: unknown[] = [];
    let body: PeerBody<'release.authorise'>;
    network.hub.onRequest = (_from, _to, method, sent) => {
      if (method === 'release.authorise') body = sent as typeof body;
      return sent;
    };
    network.hub.onAnswer = (from, to, method, answer) => {
      if (method === 'release.authorise') again.push(network.node(to).handlers['release.authorise'](from, body).catch((error: unknown) => error));
      return answer;
    };
    await expect(authenticate(right, { required: ['email'], optional: [] })).resolves.toMatchObject({ accepted: true });
    const codes = (await Promise.all(again)).map((error) => (error as { code?: string }).code);
    expect([codes.length, new Set(codes)]).toEqual([4, new Set(['release.replayed'])]);
    network.hub.onAnswer = undefined;
    network.hub.onRequest = (_from, _to, method, sent) => {
      if (method === 'release.authorise' && network.offsetMs < later) network.offsetMs = later;
      return sent;
    };
    const later = network.offsetMs + 61_000;
    await expect(authenticate(right, { required: ['email'], optional: [] })).rejects.toMatchObject(code('attributes.unavailable'));
    network.hub.onRequest = undefined;
  }, 120_000);

  test('is not to be had from a palm that the same device registered later', async () => {
    await owner.write('email', 'ada@example.org');
    await side.publish({ type: 'grant', document: owner.grant(vendor, [both('email')]) });
    const child = randomPalm(rng);
    await network.node(1).registrations.run(await enrolment({ ...network.splitter, device: owner.key }, { 'right-palm': child }, network.clock.nowMs()));
    await expect(authenticate(child, { required: ['email'], optional: [] })).resolves.toMatchObject({ accepted: false, reason: 'user-missing-attributes' });
  }, 120_000);
});

describe('a release that the own device asks for', () => {
  test('takes 2t+1 nodes, each of which answers a request once', async () => {
    await owner.write('email', 'ada@example.org');
    const request = readRequest();
    const answers = await Promise.all([1, 2, 3].map((party) => evaluate(party, request)));
    const { networkId } = network.manifest;
    const expected = { recordId: recordIdOf({ networkId, personId: personIdOf(networkId, owner.key.publicKey), attribute: 'email', version: 1 }), basis: recordRequestHash(request.record), document: answers[0]!.grant!.grant.document };
    await expect(recoverKey(answers.map(({ partial }) => partial), expected, vendor, owner.networkKeys)).resolves.toMatchObject({ blame: [] });
    await expect(recoverKey(answers.slice(0, 2).map(({ partial }) => partial), expected, vendor, owner.networkKeys)).rejects.toMatchObject(code('release.bad-partial'));
    await expect(evaluate(1, request)).rejects.toMatchObject(code('release.replayed'));
    await expect(recoverKey(answers.map(({ partial }) => partial), { ...expected, basis: recordRequestHash(readRequest().record) }, vendor, owner.networkKeys)).rejects.toMatchObject({ blame: [1, 2, 3] });
  }, 120_000);

  test('names the node whose part does not prove what it claims', async () => {
    await owner.write('email', 'ada@example.org');
    const request = readRequest();
    const answers = await Promise.all([1, 2, 3, 4].map((party) => evaluate(party, request)));
    const { grant } = answers[0]!.grant!;
    const stored = (await side.storage.open([[answers[0]!.grant!]]))[0]!;
    // Sealed and signed as it should be, and a multiple of another point.
    const lie = { party: 3, recordId: stored.document.recordId, basis: grant.basis, document: grant.document, time: 1, partial: toBase64Url(prfEvaluate(network.node(3).ring.get('attributes'), new Uint8Array(9), rng)) };
    const signed = { ...lie, signature: toBase64Url(network.members[2]!.custody.signIdentity(partialResultBytes(lie))) };
    const partials = answers.map(({ partial }) => partial).with(2, await sealPartial(signed, vendor.publicKey));
    const record = { ...stored, basis: grant.basis, partials };
    await expect(openReleased(record, vendor, owner.networkKeys)).resolves.toMatchObject({ value: 'ada@example.org', blame: [3] });
    await expect(openReleased({ ...record, partials: partials.slice(0, 3) }, vendor, owner.networkKeys)).rejects.toMatchObject({ code: 'release.bad-partial', blame: [3] });
    const byAnother = { ...lie, signature: toBase64Url(network.members[4]!.custody.signIdentity(partialResultBytes(lie))) };
    await expect(openReleased({ ...record, partials: partials.with(2, await sealPartial(byAnother, vendor.publicKey)) }, vendor, owner.networkKeys)).resolves.toMatchObject({ blame: [3] });
  }, 120_000);

  test('is refused by each node for itself', async () => {
    await owner.write('email', 'ada@example.org');
    const grant = owner.grant(vendor, [both('email')]);
    const expired = owner.grant(vendor, [both('email')], { givenAt: 1, validFrom: 1, expiresAt: 2 });
    for (const document of [grant, expired]) await side.publish({ type: 'grant', document });
    const stranger = new Owner(SigningKey.generate(rng), network, side);
    const now = Math.floor(network.clock.nowMs() / 1000);
    const cases: [string, ReturnType<Owner['request']>][] = [
      ['attribute.missing', readRequest('phone')],
      ['attribute.version-written', owner.request({ action: 'write', version: 1, recipientKey: vendor.publicKey }, 'email')],
      ['attribute.version-written', owner.request({ action: 'write', version: 100, recipientKey: vendor.publicKey }, 'email')],
      ['release.unknown-account', stranger.request({ action: 'read', recipientKey: vendor.publicKey }, 'email')],
      ['release.stale-request', readRequest('email', { issuedAt: now - 120, expiresAt: now - 60 })],
      ['release.stale-request', readRequest('email', { issuedAt: now, expiresAt: now + 600 })],
      ['consent.wrong-purpose', owner.request({ action: 'release', consentId: grant.record.consentId, vendorId: 'vendor-1', purpose: 'payment' }, 'email')],
      ['consent.wrong-vendor', owner.request({ action: 'release', consentId: grant.record.consentId, vendorId: 'vendor-2', purpose: 'access' }, 'email')],
      ['consent.expired', releaseRequest(expired)],
      ['release.unknown-consent', owner.request({ action: 'release', consentId: 'c0', vendorId: 'vendor-1', purpose: 'access' }, 'email')],
      ['owner.bad-signature', { ...readRequest(), signed: signAsOwner('boop-record-request/1', new Uint8Array(1), owner.key) }],
    ];
    for (const [expected, request] of cases) for (const party of [1, 5]) await expect(evaluate(party, request)).rejects.toMatchObject(code(expected));
    await expect(evaluate(1, releaseRequest(grant))).resolves.toBeDefined();
  }, 120_000);

  test('is refused once an attestation has expired', async () => {
    const now = Math.floor(network.clock.nowMs() / 1000);
    await owner.write('email', 'ada@example.org', 1, { expiresAt: now + 50 });
    const grant = owner.grant(vendor, [both('email')]);
    await side.publish({ type: 'grant', document: grant });
    await expect(evaluate(1, releaseRequest(grant))).resolves.toBeDefined();
    network.offsetMs += 60_000;
    side.beat();
    await expect(evaluate(1, releaseRequest(grant))).rejects.toMatchObject(code('attribute.expired'));
    await expect(evaluate(1, readRequest())).resolves.toBeDefined();
  }, 120_000);
});

describe("a node's view of consents", () => {
  test('counts for two seconds after it was known to be whole', async () => {
    await owner.write('email', 'ada@example.org');
    side.beat();
    network.offsetMs += 1_500;
    await expect(evaluate(1, readRequest())).resolves.toBeDefined();
    network.offsetMs += 1_000;
    await expect(evaluate(1, readRequest())).rejects.toMatchObject({ code: 'release.stale-view', kind: 'unavailable' });
    side.beat([1], network.clock.nowMs() - 2_500);
    await expect(evaluate(1, readRequest())).rejects.toMatchObject(code('release.stale-view'));
    side.beat([1], network.clock.nowMs() + 60_000);
    await expect(evaluate(1, readRequest())).rejects.toMatchObject(code('release.stale-view'));
    side.beat([1]);
    await expect(evaluate(1, readRequest())).resolves.toBeDefined();
  }, 120_000);

  test('that lacks a document does not count, however fresh the heartbeat', async () => {
    await owner.write('email', 'ada@example.org');
    const grant = owner.grant(vendor, [both('email')]);
    await side.publish({ type: 'grant', document: grant });
    const revocation = revokeConsent({ grant: grant.record, revokedAt: grant.record.givenAt, nonce: toBase64Url(rng.bytes(32)) }, owner.key);
    await side.publish({ type: 'revocation', document: revocation }, [1, 2, 3, 4]);
    network.offsetMs += 2_100;
    side.beat();
    await expect(evaluate(5, releaseRequest(grant))).rejects.toMatchObject(code('release.stale-view'));
    for (const party of [1, 2, 3, 4]) await expect(evaluate(party, releaseRequest(grant))).rejects.toMatchObject(code('release.revoked'));
    await side.deliver(5);
    await expect(evaluate(5, releaseRequest(grant))).rejects.toMatchObject(code('release.revoked'));
  }, 120_000);

  test('survives a restart, and then is not fresh until the feed has been heard', async () => {
    await owner.write('email', 'ada@example.org');
    const grant = owner.grant(vendor, [both('email')]);
    await side.publish({ type: 'grant', document: grant });
    await side.publish({ type: 'revocation', document: revokeConsent({ grant: grant.record, revokedAt: grant.record.givenAt, nonce: toBase64Url(rng.bytes(32)) }, owner.key) });
    network.kill(3);
    await network.start(3 as never);
    await expect(evaluate(3, readRequest())).rejects.toMatchObject(code('release.stale-view'));
    side.beat();
    await expect(evaluate(3, readRequest())).resolves.toBeDefined();
    await expect(evaluate(3, releaseRequest(grant))).rejects.toMatchObject(code('release.revoked'));
  }, 120_000);

  test('takes nothing that its owner did not sign, and no old document again', async () => {
    await owner.write('email', 'ada@example.org');
    const grant = owner.grant(vendor, [both('email')]);
    expect(await side.publish({ type: 'grant', document: { ...grant, record: { ...grant.record, vendorId: 'vendor-2' } } })).toEqual(all.map(() => 'owner.bad-signature'));
    expect(await side.publish({ type: 'grant', document: grant })).toEqual(all.map(() => undefined));
    await side.publish({ type: 'revocation', document: revokeConsent({ grant: grant.record, revokedAt: grant.record.givenAt, nonce: toBase64Url(rng.bytes(32)) }, owner.key) });
    expect(await side.publish({ type: 'grant', document: grant })).toEqual(all.map(() => 'release.revoked'));
    expect(await owner.write('email', 'x@example.org', 2)).toEqual(all.map(() => undefined));
  }, 120_000);

  test('forgets all of a person who has it erased, and old documents do not bring it back', async () => {
    await owner.write('email', 'ada@example.org', 7);
    const grant = owner.grant(vendor, [both('email')]);
    await side.publish({ type: 'grant', document: grant });
    const record: ErasureRequest = { v: 1, kind: 'erasure-request', networkId: network.manifest.networkId, accountKey: owner.key.publicKey, scope: 'attributes-and-consents', requestedAt: grant.record.givenAt, nonce: toBase64Url(rng.bytes(32)) };
    await side.publish({ type: 'erasure', document: { record, signed: signAsOwner(erasureRequestDomain, erasureRequestBytes(record), owner.key) } });
    await expect(evaluate(1, readRequest())).rejects.toMatchObject(code('attribute.missing'));
    expect(await side.publish({ type: 'grant', document: grant })).toEqual(all.map(() => 'release.revoked'));
    await expect(owner.write('email', 'new@example.org', 7)).rejects.toMatchObject(code('attribute.version-written'));
    expect(await owner.write('email', 'new@example.org', 8)).toEqual(all.map(() => undefined));
    network.kill(2);
    await network.start(2 as never);
    side.beat();
    await expect(evaluate(2, readRequest())).resolves.toMatchObject({ grant: { grant: { version: 8 } } });
  }, 120_000);
});

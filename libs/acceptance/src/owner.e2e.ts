import { generateKeyPairSync, createHash, sign as signWith, verify as verifyWith, createPublicKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RecipientKey } from '@boop/identity';
import { type Consent, type ConsentReceipt, type LogProof, logEntryHash, parseLogEntry } from '@boop/protocol';
import { type AttributeNetwork, type ConsentRequest, type CredentialsClient, createCredentialsClient, formatConsentRequest, type HeldCredential, keySigner, openAttributes, presentCredential, verifyConsentReceipt, verifyProof } from '@boop/sdk';
import { fromBase64Url } from '@boop/shared';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { attributeNetworkOf, Issuer, Person, vendorKey } from './attributes/person.ts';
import { projectRoot } from './captures.ts';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { hasBrowser, OwnerPage } from './owner-page.ts';
import { syntheticPalmOf } from './palms.ts';
import { Shop } from './shop.ts';
import { query } from './stock-clients.ts';
import { VendorEars } from './vendor-ears.ts';

const palm = syntheticPalmOf(61);
const palmInBrowser = 62;
const palmWithPasskey = 63;
const secrets = { email: 'grace.hopper@navy.example', given_name: 'Grace-Undisclosed', birth_date: '1966-12-09' } as const;
const pictures = process.env['BOOP_PICTURES'];
let network: RunningNetwork;
let shop: Shop;
let keys: AttributeNetwork;
let vendor: RecipientKey;
let grace: Person;
let receipts: ConsentReceipt[];
let held: HeldCredential;
const issuer = new Issuer('civil-registry');

const now = (): number => Math.floor(Date.now() / 1000);
const logKey = async () => ({ verifierKey: (await shop.info()).log.verifierKey, networkId: network.manifest.networkId });
const consentTo = async (person: Person, attributes: readonly string[]): Promise<Consent> => {
  const text = (await person.consents.texts()).find(({ purpose }) => purpose === 'access')!;
  return await person.consents.give({ vendorId: shop.vendorId, recipientKey: vendor.publicKey, text, attributes: attributes.map((name) => ({ name, positions: ['right-palm'] })), expiresAt: now() + 3_600 });
};

/** Every entry of the log, as its database holds it. */
async function logText(): Promise<string> {
  const dump = await query<{ text: string }>(network.adminUrl('ledger'), "SELECT string_agg(convert_from(bytes, 'UTF8'), E'\\n') AS text FROM entries");
  return dump[0]?.text ?? '';
}

beforeAll(async () => {
  network = await startNetwork({ nodes: 4, threshold: 1 });
  shop = new Shop(network);
  keys = await attributeNetworkOf(network);
  vendor = await vendorKey();
  grace = new Person(network, keys);
  await grace.register(palm);
  expect(await issuer.accredit(network, ['birth_date', 'is_adult'])).toBe(201);
}, 300_000);

afterAll(async () => {
  shop?.close();
  await network?.dispose();
}, 120_000);

// The tests tell one story, in order.
describe('consents', () => {
  test('leave receipts that verify offline with the log key alone', async () => {
    await grace.attributes.write('email', secrets.email);
    await grace.attributes.write('given_name', secrets.given_name);
    await grace.attributes.write('birth_date', secrets.birth_date, issuer.attestation());
    await grace.attributes.write('is_adult', true, issuer.attestation());
    const ears = await VendorEars.open(network, ['consent.granted', 'consent.revoked']);
    const consent = await consentTo(grace, ['email']);
    expect(consent.status).toBe('active');
    const granted = { consentId: consent.consentId, purpose: 'access', attributes: ['email'], grantedAt: consent.grant.record.givenAt, expiresAt: consent.grant.record.expiresAt };
    expect(await ears.frame('consent_granted')).toMatchObject(granted);
    expect(await ears.webhook('consent.granted')).toMatchObject({ data: granted });
    const result = await shop.authenticate(palm.others[0]!, { requiredAttributes: ['email'] });
    if (result.outcome !== 'accepted') throw new Error(JSON.stringify(result));
    const opened = await openAttributes(result.authentication.result!.attributes!, vendor, { network: keys, registry: await grace.attributes.registry(), now: now() });
    expect(opened.map(({ value }) => value)).toEqual([secrets.email]);
    const revoked = await grace.consents.revoke(consent);
    expect(revoked.status).toBe('revoked');
    const notice = { consentId: consent.consentId, purpose: 'access', revokedAt: revoked.revokedAt };
    expect(await ears.frame('consent_revoked')).toMatchObject(notice);
    expect(await ears.webhook('consent.revoked')).toMatchObject({ data: notice });
    ears.close();
    await expect(shop.authenticate(palm.others[1]!, { requiredAttributes: ['email'] })).resolves.toMatchObject({ outcome: 'rejected', reason: 'vendor-not-consented' });
    receipts = await grace.consents.receipts(consent.consentId, { waitMs: 60_000 });
    const policy = await logKey();
    expect(receipts.map((receipt) => verifyConsentReceipt(JSON.parse(JSON.stringify(receipt)), policy).action)).toEqual(['given', 'withdrawn']);
    const changed = { ...receipts[0]!, proof: { ...receipts[0]!.proof, entry: receipts[1]!.proof.entry } };
    expect(() => verifyConsentReceipt(changed, policy)).toThrow();
  }, 240_000);

  test('leave nothing in the log that tells of a person', async () => {
    let text = '';
    // A proof of the consents says nothing of what else is on its way to the log.
    await until(async () => ['consent', 'attributes'].every((kind) => text.includes(`"kind":"${kind}"`)) || ((text = await logText()), false), 60_000);
    const [given] = receipts;
    if (given?.document.record.kind !== 'consent-grant') throw new TypeError('no grant');
    const { accountKey, consentId, vendorId, nonce, recipientKey, purpose } = given.document.record;
    const needles = [...Object.values(secrets), accountKey, consentId, vendorId, nonce, recipientKey, purpose, 'email', 'given_name', 'birth_date', given.opening];
    // As a word: five letters in a row come by chance in so many hashes.
    const words = new Set(text.split(/[^\w-]+/));
    for (const needle of needles) expect(needle.length < 12 ? words.has(needle) : text.includes(needle)).toBe(false);
  });
});

describe('credentials', () => {
  const holder = generateKeyPairSync('ed25519');
  const holderKey = { kty: 'OKP', crv: 'Ed25519', x: (holder.publicKey.export({ format: 'jwk' }) as { x: string }).x } as const;
  let client: CredentialsClient;

  /** A shop's verifier: two libraries as they come from the registry, and what the issuer publishes. */
  const verifier = async () => {
    const { issuer: iss, jwks } = (await (await fetch(`${network.gatewayUrl}/.well-known/jwt-vc-issuer`)).json()) as { issuer: string; jwks: JSONWebKeySet };
    const check = async (data: string, signature: string): Promise<boolean> => await jwtVerify(`${data}.${signature}`, createLocalJWKSet(jwks)).then(() => true, () => false);
    return {
      iss,
      library: new SDJwtVcInstance({
        hasher: (data: string | ArrayBuffer) => new Uint8Array(createHash('sha256').update(typeof data === 'string' ? data : new Uint8Array(data)).digest()),
        hashAlg: 'sha-256',
        verifier: check,
        statusVerifier: check,
        statusListFetcher: async (uri) => await (await fetch(uri.replace(iss, network.gatewayUrl))).text(),
        kbVerifier: (data, signature, { cnf }) => verifyWith(null, Buffer.from(data), createPublicKey({ key: cnf!.jwk as never, format: 'jwk' }), Buffer.from(signature, 'base64url')),
      }),
    };
  };
  const present = (sign = holder.privateKey) =>
    presentCredential({ credential: held.credential, disclose: ['is_adult'], audience: 'https://shop.example', nonce: 'n-1', now: now(), holder: { alg: 'EdDSA', sign: (message) => Promise.resolve(new Uint8Array(signWith(null, message, sign))) } });

  test('signed by the nodes verify with unmodified libraries, with one claim disclosed', async () => {
    const info = await shop.info();
    const credentialKey = info.groupKeys.find(({ name }) => name === 'credential')!.publicKey;
    client = createCredentialsClient({ gatewayUrl: network.gatewayUrl, networkId: info.networkId, signer: keySigner(grace.key), credentialKey, authorization: grace.consents.authorization });
    const attributes = (await grace.attributes.readAll()).map(({ attribute, document, disclosure }) => ({ attribute, version: document.version, disclosure }));
    held = await client.issue({ attributes, holderKey, expiresAt: now() + 3_600 });
    const presentation = await present();
    const { library, iss } = await verifier();
    const { payload } = await library.verify(presentation, { keyBindingNonce: 'n-1' });
    expect(payload).toMatchObject({ iss, attested: { is_adult: true }, self_asserted: {} });
    const seen = [presentation, ...presentation.split(/[.~]/).map((part) => Buffer.from(part, 'base64url').toString('latin1'))];
    for (const secret of [...Object.values(secrets), 'given_name', 'birth_date', grace.key.publicKey]) expect(seen.some((text) => text.includes(secret))).toBe(false);
    await expect(library.verify(await present(generateKeyPairSync('ed25519').privateKey), { keyBindingNonce: 'n-1' })).rejects.toThrow();
  }, 120_000);

  test('fail for a verifier once their owner has suspended or revoked them', async () => {
    const { library } = await verifier();
    const presentation = await present();
    const verify = async () => await library.verify(presentation, { keyBindingNonce: 'n-1' }).then(() => 'valid', (error: Error) => error.message);
    await client.setStatus(held.index, 'suspended');
    expect(await verify()).not.toBe('valid');
    await client.setStatus(held.index, 'valid');
    expect(await verify()).toBe('valid');
    await client.setStatus(held.index, 'invalid');
    expect(await verify()).not.toBe('valid');
    await expect(client.setStatus(held.index, 'valid')).rejects.toMatchObject({ code: 'credential.revoked' });
    expect(await client.list()).toEqual([{ index: held.index, status: 'invalid', attributes: ['birth_date', 'email', 'given_name', 'is_adult'], expiresAt: expect.any(Number) }]);
  }, 120_000);
});

describe('an erasure', () => {
  test('takes values, keys, consents and openings; old entries still prove', async () => {
    const before: LogProof[] = receipts.map(({ proof }) => proof);
    const { logEntry, ...counts } = await grace.consents.erase();
    expect(counts).toEqual({ consents: 1, attributes: 4 });
    expect([await grace.attributes.list(), await grace.consents.list(), await client()]).toEqual([[], [], []]);
    await expect(grace.attributes.read('email')).rejects.toMatchObject({ code: 'attribute.missing' });
    const [given] = receipts;
    if (given?.document.record.kind !== 'consent-grant') throw new TypeError('no grant');
    const gone = [given.opening, given.document.record.nonce, given.document.record.recipientKey, held.credential.split('.')[1]!, 'given_name'];
    // The feed keeps a document until all nodes have read it.
    await until(async () => {
      const dump = await dumpOf('attributes', ['attribute_definitions']);
      return gone.every((needle) => !dump.includes(needle));
    }, 60_000);
    const { verifierKey } = await logKey();
    for (const proof of before) {
      const fresh = await shop.vendor.getLogProof(logEntryHash(fromBase64Url(proof.entry)), { waitMs: 60_000 });
      expect(verifyProof(fresh, verifierKey).entry).toEqual(parseLogEntry(fromBase64Url(proof.entry)));
    }
    expect((await shop.vendor.verifyProof(await shop.vendor.getLogProof(logEntry, { waitMs: 60_000 }))).entry).toMatchObject({ kind: 'attributes', action: 'removed' });
  }, 120_000);

  const client = async () => {
    const info = await shop.info();
    return await createCredentialsClient({ gatewayUrl: network.gatewayUrl, networkId: info.networkId, signer: keySigner(grace.key), credentialKey: '', authorization: grace.consents.authorization }).list();
  };
});

/** All rows of all tables of a database but some, as text. */
async function dumpOf(name: string, except: readonly string[] = []): Promise<string> {
  const url = network.adminUrl(name);
  const tables = await query<{ table_name: string }>(url, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'");
  const rows = await Promise.all(tables.filter(({ table_name: table }) => !except.includes(table)).map(async ({ table_name: table }) => await query(url, `SELECT t::text FROM "${table}" t`)));
  return JSON.stringify(rows);
}

describe("the owner's page in a browser", () => {
  const open = hasBrowser();
  const inBrowser = open ? test : test.skip;
  let owner: OwnerPage;
  const picture = async (name: string): Promise<void> => {
    if (pictures === undefined) return;
    mkdirSync(resolve(projectRoot, pictures), { recursive: true });
    await owner.picture(join(resolve(projectRoot, pictures), `owner-${name}.png`));
  };

  afterAll(async () => {
    await owner?.close();
  });

  inBrowser('stores, grants, shows who saw what, withdraws, exports and erases', async () => {
    owner = await OwnerPage.open(`http://127.0.0.1:${network.portBase}`);
    const { page } = owner;
    await owner.register(palmInBrowser);
    await owner.visit();
    await owner.store('E-mail address', secrets.email);
    await owner.store('Country of residence', 'CH');
    expect(await page.locator('[data-attribute="email"]').innerText()).not.toContain(secrets.email);
    await owner.press('Show values', 'Opened on this device');
    expect(await page.locator('[data-attribute="email"]').innerText()).toContain(secrets.email);
    await picture('stored');

    const request: ConsentRequest = { v: 1, vendorId: shop.vendorId, vendorName: 'Corner Shop', recipientKey: vendor.publicKey, purpose: 'access', attributes: [{ name: 'email', positions: ['right-palm'] }], days: 30 };
    await owner.visit(`?request=${formatConsentRequest(request)}`);
    await page.getByRole('button', { name: 'Look at it' }).click();
    await page.getByRole('dialog').getByText('E-mail address').waitFor();
    await picture('asked');
    await owner.press('I agree', 'Corner Shop may see it from now on');
    await page.locator('[data-status="active"]').waitFor();

    const capture = syntheticPalmOf(palmInBrowser);
    const result = await shop.authenticate(capture.others[0]!, { requiredAttributes: ['email'] });
    expect(result.outcome).toBe('accepted');
    await page.reload();
    await page.locator(`[data-vendor="${shop.vendorId}"]`).waitFor();
    const seen = await page.locator(`[data-vendor="${shop.vendorId}"]`).innerText();
    expect(seen).toContain('E-mail address');
    expect(seen).toContain(String(new Date().getFullYear()));
    await picture('seen');

    const receipt = (await owner.saved(/^Receipt/)) as { receipts: unknown[] };
    const policy = await logKey();
    expect(receipt.receipts.map((one) => verifyConsentReceipt(one, policy).action)).toEqual(['given']);

    await owner.press(/^Withdraw the consent/, `${shop.vendorId} gets nothing more`);
    await page.locator('[data-status="revoked"]').waitFor();
    await expect(shop.authenticate(capture.others[1]!, { requiredAttributes: ['email'] })).resolves.toMatchObject({ outcome: 'rejected', reason: 'vendor-not-consented' });
    await picture('withdrawn');

    const exported = (await owner.saved('Export as JSON')) as { attributes: { attribute: string; value: unknown }[]; consents: unknown[]; releases: unknown[] };
    expect(exported.attributes.map(({ attribute, value }) => [attribute, value])).toEqual(expect.arrayContaining([['email', secrets.email], ['country', 'CH']]));
    expect([exported.consents.length, exported.releases.length > 0]).toEqual([1, true]);

    await page.getByRole('button', { name: 'Erase everything' }).click();
    expect(await page.getByRole('button', { name: 'Erase', exact: true }).isDisabled()).toBe(true);
    await page.getByLabel(/^Type/).fill('erase');
    await picture('erase');
    await owner.press(/^Erase$/, 'Everything is erased');
    await page.getByText('Nothing yet.').waitFor();
    await until(async () => !(await dumpOf('attributes')).includes(secrets.email), 60_000);
    expect(owner.complaints).toEqual([]);
  }, 300_000);

  inBrowser('gives and withdraws consents by a passkey that the account key enrolled', async () => {
    // A relying party of WebAuthn has a name.
    const holder = await OwnerPage.open(`http://localhost:${network.portBase}`);
    try {
      const { page } = holder;
      const losePasskeys = await holder.passkeys();
      await holder.register(palmWithPasskey);
      await holder.visit();
      await holder.store('E-mail address', secrets.email);
      await holder.press('Use a passkey for consents', 'signed with your passkey from now on');
      await page.locator('[data-signing="passkey"]').waitFor();
      const ask = async (purpose: string): Promise<void> => {
        const request: ConsentRequest = { v: 1, vendorId: shop.vendorId, vendorName: 'Corner Shop', recipientKey: vendor.publicKey, purpose, attributes: [{ name: 'email', positions: ['right-palm'] }], days: 30 };
        await holder.visit(`?request=${formatConsentRequest(request)}`);
        await page.getByRole('button', { name: 'Look at it' }).click();
        await page.getByRole('dialog').getByText('E-mail address').waitFor();
        await page.getByRole('button', { name: 'I agree' }).click();
      };
      await ask('access');
      await holder.says('Corner Shop may see it from now on');
      const result = await shop.authenticate(syntheticPalmOf(palmWithPasskey).others[0]!, { requiredAttributes: ['email'] });
      expect(result.outcome).toBe('accepted');
      await holder.press(/^Withdraw the consent/, `${shop.vendorId} gets nothing more`);
      await page.locator('[data-status="revoked"]').waitFor();
      const { receipts: kept } = (await holder.saved(/^Receipt/)) as { receipts: ConsentReceipt[] };
      const policy = await logKey();
      expect(kept.map((one) => [verifyConsentReceipt(one, policy).action, one.document.signed.method])).toEqual([['given', 'passkey'], ['withdrawn', 'passkey']]);

      await losePasskeys();
      await ask('entrance');
      await page.locator('.news.bad').waitFor();
      expect(await page.locator('[data-status="active"]').count()).toBe(0);
      await holder.press('Sign without the passkey', 'with the key in this browser again');
      await ask('entrance');
      await holder.says('Corner Shop may see it from now on');
      await page.locator('[data-status="active"]').waitFor();
      expect(holder.complaints).toEqual([]);
    } finally {
      await holder.close();
    }
  }, 300_000);

  inBrowser('keeps a key that the page itself cannot read, and names every control', async () => {
    const { page } = owner;
    const extractable = await page.evaluate(async () => {
      const opening = indexedDB.open('boop-owner', 1);
      const database = await new Promise<IDBDatabase>((resolve) => (opening.onsuccess = () => resolve(opening.result)));
      const reading = database.transaction('keys').objectStore('keys').get('account');
      const kept = await new Promise<{ privateKey: CryptoKey }>((resolve) => (reading.onsuccess = () => resolve(reading.result as never)));
      return [kept.privateKey.extractable, await crypto.subtle.exportKey('pkcs8', kept.privateKey).then(() => 'exported', () => 'refused')];
    });
    expect(extractable).toEqual([false, 'refused']);
    const nameless = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('.owner button, .owner input, .owner select')].filter((control) => !(control.textContent?.trim() || control.getAttribute('aria-label') || (control as HTMLInputElement).labels?.length)).length);
    expect(nameless).toBe(0);
  }, 120_000);
});

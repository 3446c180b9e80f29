import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RecipientKey } from '@boop/identity';
import { openAttributes } from '@boop/sdk';
import { attributeNetworkOf, Person, vendorKey } from './attributes/person.ts';
import { Custodian } from './custodians/custodian.ts';
import { Operator } from './custodians/operator.ts';
import { checksAt, freePortBase, until } from './network-harness.ts';
import { syntheticPalmOf } from './palms.ts';
import { postJson, Shop } from './shop.ts';

const jurisdictions = ['CH', 'DE', 'EE', 'FI'];
const gone = 2;
const standbyAt = 10;
/** Of the attributes service's health checks, from the operator's first port on. */
const attributesHealthOffset = 9;
const settleTimeoutMs = 240_000;
const [registered, newcomer, stranger] = [syntheticPalmOf(71), syntheticPalmOf(72), syntheticPalmOf(73)];
let root: string;
let custodians: Custodian[];
let standby: Custodian;
let operator: Operator;
let shop: Shop;
let person: Person;
let vendor: RecipientKey;
/** Of the first manifest. */
let fingerprint: string;
let servicesFingerprint: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'boop-standby-'));
  const portBase = await freePortBase();
  custodians = jurisdictions.map((jurisdiction, at) => new Custodian(join(root, `custodian-${at + 1}`), { name: `node-${at + 1}`, jurisdiction, port: portBase + 1 + at }));
  standby = new Custodian(join(root, 'standby'), { name: 'standby', jurisdiction: 'PT', port: portBase + 1 + standbyAt });
  operator = new Operator(join(root, 'operator'), await freePortBase(portBase));
});

afterAll(async () => {
  shop?.close();
  await operator?.stop();
  await Promise.all([...(custodians ?? []), standby].map((custodian) => custodian?.stop()));
  rmSync(root, { recursive: true, force: true });
}, 120_000);

/** Until all of these serve an epoch and see so many nodes. */
const reached = async (members: readonly Custodian[], epoch: number, live: number): Promise<void> =>
  await until(async () => {
    for (const { failure } of members) if (failure !== undefined) throw new Error(failure);
    const all = await Promise.all(members.map((custodian) => custodian.checks()));
    return all.every((checks) => checks?.['epoch'] === epoch && checks['live'] === live);
  }, settleTimeoutMs);

const others = (): Custodian[] => custodians.filter((_, at) => at !== gone);

// The tests tell one story, in order.
describe('a standby in the place of a custodian whose machine is gone', () => {
  test('four custodians run a network, and somebody registers', async () => {
    await Promise.all(custodians.map((custodian) => custodian.init()));
    const met = await Promise.all(custodians.map((custodian) => custodian.meet(custodians.map(({ address }) => address))));
    fingerprint = met[0]!.fingerprint;
    await Promise.all(met.map(({ confirm }) => confirm(fingerprint)));
    await Promise.all(custodians.map((custodian) => custodian.run()));
    servicesFingerprint = await operator.init(custodians[0]!, fingerprint);
    await operator.run();
    for (const custodian of custodians) await custodian.node('accept', join(operator.dir, 'services.json'), '--fingerprint', servicesFingerprint);
    await reached(custodians, 1, 4);
    await operator.ready();
    shop = new Shop(operator);
    await until(async () => (await operator.liveNodes()).length === custodians.length, settleTimeoutMs);
    person = new Person(operator, await attributeNetworkOf(operator));
    await person.register(registered);
    await expect(shop.authenticate(registered.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
  }, 900_000);

  test('who registered keeps an attribute there, for a vendor', async () => {
    vendor = await vendorKey();
    await person.attributes.write('email', 'ada@example.org');
    const text = { purpose: 'access', version: '1', locale: 'en', title: 'Access', text: 'The shop learns what you allow.' };
    expect((await postJson(`${operator.gatewayUrl}/v1/consent-texts`, operator.credentials.admin.key, text)).status).toBe(201);
    const signed = (await person.consents.texts()).find(({ purpose }) => purpose === text.purpose)!;
    await person.consents.give({ vendorId: shop.vendorId, recipientKey: vendor.publicKey, text: signed, attributes: [{ name: 'email', positions: ['right-palm'] }], expiresAt: Math.floor(Date.now() / 1000) + 36_000 });
  }, 300_000);

  test('one of them is gone for good, and the standby makes itself a member by command', async () => {
    await custodians[gone]!.stop();
    rmSync(custodians[gone]!.dir, { recursive: true, force: true });
    await standby.init();
    const manifest = join(custodians[0]!.dir, 'network.json');
    const joins = async (...args: string[]): Promise<string> => await standby.node('join', '--network', manifest, '--links', operator.gatewayUrl, ...args);
    await expect(joins('--fingerprint', servicesFingerprint, '--in-place-of', `node-${gone + 1}`)).rejects.toThrow('another fingerprint');
    await expect(joins('--fingerprint', fingerprint, '--in-place-of', 'node-9')).rejects.toThrow('no member');
    const printed = await joins('--fingerprint', fingerprint, '--in-place-of', `node-${gone + 1}`);
    const next = /^fingerprint (\S+)$/m.exec(printed)![1]!;
    await standby.node('accept', join(operator.dir, 'services.json'), '--fingerprint', servicesFingerprint);
    await standby.run();
    const file = /^Hand (\S+) to the other/m.exec(printed)![1]!;
    await expect(custodians[0]!.decides('propose', file, '--fingerprint', fingerprint)).rejects.toThrow('another fingerprint');
    const digest = (await custodians[0]!.decides('propose', file, '--fingerprint', next)).trim();
    for (const custodian of others().slice(1)) {
      await until(async () => (await custodian.decides('proposals')).includes(digest), settleTimeoutMs);
      await custodian.decides('approve', digest, '--fingerprint', next);
    }
    await reached([...others(), standby], 2, 4);
    expect(await standby.node('status')).toMatch(/epoch 2, 4 members/);
  }, 900_000);

  test('gateway and attributes service have followed', async () => {
    await until(async () => (await shop.info().catch(() => undefined))?.epoch === 2, settleTimeoutMs);
    await until(async () => {
      const checks = await checksAt(operator.portBase + attributesHealthOffset);
      return checks?.['epoch'] === 2 && checks['nodes'] === 4;
    }, settleTimeoutMs);
    const log = readFileSync(join(operator.dir, 'logs', 'attributes.log'), 'utf8');
    expect(log).toMatch(/"epoch":2,.*"msg":"another manifest is in force"/);
  }, 600_000);

  test('who was registered before is recognised, also by a committee that cannot do without the standby, and nobody else is', async () => {
    await until(async () => (await shop.authenticate(registered.others[1]!).catch(() => undefined))?.outcome === 'accepted', settleTimeoutMs);
    await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'rejected', reason: 'no-match' });
    await expect(shop.register({ 'right-palm': newcomer.samples })).resolves.toMatchObject({ verified: true });
    await custodians[1]!.stop();
    await reached([custodians[0]!, custodians[3]!, standby], 2, 3);
    await until(async () => (await shop.authenticate(registered.others[2]!).catch(() => undefined))?.outcome === 'accepted', settleTimeoutMs);
    await until(async () => (await shop.authenticate(newcomer.others[0]!).catch(() => undefined))?.outcome === 'accepted', settleTimeoutMs);
  }, 900_000);

  test('attributes of before are read and released, and new ones written, by nodes that cannot do without the standby', async () => {
    const keys = await attributeNetworkOf({ gatewayUrl: operator.gatewayUrl, manifest: standby.manifest });
    const later = new Person(operator, keys, person.key);
    await expect(later.attributes.read('email')).resolves.toMatchObject({ value: 'ada@example.org' });
    await expect(later.attributes.write('email', 'countess@example.org')).resolves.toMatchObject({ version: 2 });
    const registry = await later.attributes.registry();
    const result = await shop.authenticate(registered.others[3]!, { requiredAttributes: ['email'] });
    if (result.outcome !== 'accepted') throw new Error(JSON.stringify(result));
    const opened = await openAttributes(result.authentication.result!.attributes!, vendor, { network: keys, registry, now: Math.floor(Date.now() / 1000) });
    expect(opened.map(({ attribute, value, blame }) => [attribute, value, blame])).toEqual([['email', 'countess@example.org', []]]);
  }, 300_000);
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@boop/platform';
import { manifestLinkSchema, verifyFirstManifest } from '@boop/protocol';
import { Custodian } from './custodians/custodian.ts';
import { Operator } from './custodians/operator.ts';
import { exposedFiles, filesIn, findSecrets, privateKeysIn } from './custodians/secrets.ts';
import { createToken, type Token } from './custodians/soft-token.ts';
import { freePortBase, until } from './network-harness.ts';
import { syntheticPalmOf } from './palms.ts';
import { Shop } from './shop.ts';

const jurisdictions = ['CH', 'DE', 'EE', 'FI', 'IS'];
const [registered, stranger] = [syntheticPalmOf(91), syntheticPalmOf(92)];
const settleTimeoutMs = 240_000;
let root: string;
let token: Token | undefined;
let custodians: Custodian[];
let operator: Operator;
let shop: Shop;
/** That the last custodian has beside the node. */
let database: EmbeddedPostgres;
let fingerprint: string;
let servicesFingerprint: string;

/** With keys in their folders; the first has a token where there is one. */
const withFiles = (): Custodian[] => custodians.slice(token ? 1 : 0);

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'boop-custodians-'));
  const portBase = await freePortBase();
  token = createToken(join(root, 'token'));
  database = await startEmbeddedPostgres({ dir: join(root, 'database'), port: portBase + 99, databases: [{ name: 'node', user: 'node' }] });
  const databaseUrlFile = join(root, 'database-url');
  writeFileSync(databaseUrlFile, database.urls['node']!, { mode: 0o600 });
  const ofOne = (at: number) => ({ ...(at === 0 && token && { custody: token.flags, env: token.env }), ...(at === 4 && { databaseUrlFile }) });
  custodians = jurisdictions.map((jurisdiction, at) => new Custodian(join(root, `custodian-${at + 1}`), { name: `node-${at + 1}`, jurisdiction, port: portBase + 1 + at, ...ofOne(at) }));
  operator = new Operator(join(root, 'operator'), await freePortBase(portBase));
});

afterAll(async () => {
  shop?.close();
  await operator?.stop();
  await Promise.all((custodians ?? []).map((custodian) => custodian.stop()));
  await database?.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
}, 120_000);

const allReady = async (): Promise<void> =>
  await until(async () => {
    for (const { failure } of custodians) if (failure !== undefined) throw new Error(failure);
    return (await Promise.all(custodians.map((custodian) => custodian.checks()))).every((checks) => checks?.['live'] === custodians.length);
  }, settleTimeoutMs);

// The tests tell one story, in order.
describe('five custodians who share nothing but addresses', () => {
  test('make keys, meet, compare one fingerprint and agree on a manifest that all have signed', async () => {
    await Promise.all(custodians.map((custodian) => custodian.init()));
    const peers = custodians.map(({ address }) => address);
    const met = await Promise.all(custodians.map((custodian) => custodian.meet(peers)));
    expect(new Set(met.map((meeting) => meeting.fingerprint)).size).toBe(1);
    fingerprint = met[0]!.fingerprint;
    await Promise.all(met.map(({ confirm }) => confirm(fingerprint)));
    for (const { dir } of custodians) {
      const link = manifestLinkSchema.parse(JSON.parse(readFileSync(join(dir, 'first-manifest.json'), 'utf8')));
      expect(verifyFirstManifest(link).members.map(({ jurisdiction }) => jurisdiction)).toEqual(jurisdictions);
      expect(link.approvals).toHaveLength(5);
    }
  }, 300_000);

  test('run their nodes, which make the group keys among themselves, each with a database of its own', async () => {
    await Promise.all(custodians.map((custodian) => custodian.run()));
    await allReady();
    expect(await custodians[1]!.node('status')).toMatch(/^process +ready: live 5, keys true/m);
  }, 600_000);

  test('let an operator’s services in, one custodian after the other, and not without the fingerprint', async () => {
    const shown = await operator.init(custodians[2]!, fingerprint);
    await operator.run();
    const file = join(operator.dir, 'services.json');
    await expect(custodians[0]!.node('accept', file, '--fingerprint', fingerprint)).rejects.toThrow('the fingerprint is another one');
    for (const custodian of custodians) await custodian.node('accept', file, '--fingerprint', shown);
    servicesFingerprint = shown;
    await operator.ready();
    shop = new Shop(operator);
    await until(async () => (await operator.liveNodes()).length === custodians.length, settleTimeoutMs);
  }, 300_000);

  test('register and recognise palms together', async () => {
    await expect(shop.register({ 'right-palm': registered.samples })).resolves.toMatchObject({ verified: true });
    await expect(shop.authenticate(registered.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
    await expect(shop.authenticateByChannel(registered.others[1]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
    await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'rejected', reason: 'no-match' });
    await expect(shop.register({ 'right-palm': registered.others.slice(0, 3) })).rejects.toMatchObject({ code: 'registration.duplicate' });
  }, 300_000);

  test('replace a TLS key while the node serves', async () => {
    const before = readFileSync(join(custodians[1]!.dir, 'tls', 'tls.json'), 'utf8');
    await custodians[1]!.node('rotate tls');
    expect(readFileSync(join(custodians[1]!.dir, 'tls', 'tls.json'), 'utf8')).not.toBe(before);
    await until(() => /TLS renewed/.test(readFileSync(join(custodians[1]!.dir, 'logs', 'node.log'), 'utf8')), settleTimeoutMs);
    // Peers dial anew under the new certificate.
    expect(await custodians[0]!.stop()).toBe(0);
    await custodians[0]!.run();
    await allReady();
    await expect(shop.authenticate(registered.others[2]!)).resolves.toMatchObject({ outcome: 'accepted' });
  }, 300_000);

  test('have private keys that stand nowhere but sealed in their own folder, whatever their umask', () => {
    const isPrivate = (file: string): boolean => /\/(keys|tls|logs|cluster)\/|\/(passphrase|database\.url|config\.yaml|passwords\.json)$/.test(file) && !/\.crt$|manifests\.json$/.test(file);
    for (const { dir } of custodians) expect(exposedFiles(dir, isPrivate)).toEqual([]);
    for (const { dir } of custodians) for (const folder of ['keys', 'tls', 'logs']) expect(statSync(join(dir, folder)).mode & 0o777).toBe(0o700);
    for (const { dir } of withFiles()) {
      const secrets = privateKeysIn(dir);
      expect([...secrets.keys()]).toEqual(['passphrase', 'master', 'identity', 'hpke', 'tls']);
      expect(findSecrets(secrets, root)).toEqual([`passphrase in ${join(dir, 'passphrase')}`]);
    }
    // The search finds what is there.
    const [planted, secrets] = [join(root, 'planted'), privateKeysIn(custodians[1]!.dir)];
    mkdirSync(planted);
    writeFileSync(join(planted, 'raw'), Buffer.concat([Buffer.from('log '), secrets.get('identity')!]));
    writeFileSync(join(planted, 'text'), `key=${Buffer.from(secrets.get('tls')!).toString('base64')} ${Buffer.concat([Buffer.from('x'), secrets.get('hpke')!]).toString('base64url')}`);
    expect(findSecrets(secrets, planted).sort()).toEqual([`hpke in ${planted}/text`, `identity in ${planted}/raw`, `tls in ${planted}/text`]);
  }, 300_000);

  test('cannot export keys from a token', () => {
    if (!token) return;
    expect(filesIn(join(custodians[0]!.dir, 'keys'))).toEqual([]);
    const read = token.tool('--read-object', '--type', 'secrkey', '--label', 'boop-master');
    if (!read) return;
    expect(read.status).not.toBe(0);
    expect(read.output).toMatch(/CKR_ATTRIBUTE_SENSITIVE/);
    const access = token.tool('--list-objects', '--type', 'privkey')!.output.split('\n').filter((line) => line.includes('Access:'));
    expect(access.length).toBeGreaterThan(1);
    for (const line of access) expect(line).toMatch(/always sensitive, never extractable, local/);
  });

  test('let a service in no longer, each by itself, and again', async () => {
    const custodian = custodians[1]!;
    const restarted = async (): Promise<void> => {
      expect(await custodian.stop()).toBe(0);
      await custodian.run();
      await allReady();
    };
    await custodian.node('dismiss', 'gateway/main');
    await restarted();
    await until(async () => !(await operator.liveNodes()).includes('node-2'), settleTimeoutMs);
    await expect(shop.authenticate(registered.others[3]!)).resolves.toMatchObject({ outcome: 'accepted' });
    await custodian.node('accept', join(operator.dir, 'services.json'), '--fingerprint', servicesFingerprint);
    await until(async () => (await operator.liveNodes()).includes('node-2'), settleTimeoutMs);
  }, 600_000);

  test('reject what another proposes', async () => {
    const digest = (await custodians[0]!.decides('propose', '--hours', '1')).trim();
    for (const custodian of custodians.slice(1, 4)) {
      await until(async () => (await custodian.decides('proposals')).includes(digest), settleTimeoutMs);
      await custodian.decides('reject', digest);
    }
    await until(async () => /rejected/.test((await custodians[0]!.decides('proposals')).split('\n').find((line) => line.includes(digest)) ?? ''), settleTimeoutMs);
    expect((await custodians[0]!.checks())?.['epoch']).toBe(1);
  }, 300_000);

  test('go on without a custodian who leaves, once enough have approved, and whose shares are erased', async () => {
    const at = custodians.findIndex(({ options }) => options.name === custodians[0]!.manifest.members.at(-1)!.name);
    const [leaving, others] = [custodians[at]!, custodians.filter((_, index) => index !== at)];
    await expect(others[0]!.node('leave')).rejects.toThrow('name a successor');
    const digest = /^proposed (\S+) /m.exec(await leaving.node('leave'))![1]!;
    for (const custodian of others.slice(0, 2)) {
      await until(async () => (await custodian.decides('proposals')).includes(digest), settleTimeoutMs);
      await custodian.decides('approve', digest);
    }
    await until(async () => (await Promise.all(others.map((custodian) => custodian.checks()))).every((checks) => checks?.['epoch'] === 2), settleTimeoutMs);
    await until(async () => (await shop.authenticate(registered.others[0]!).catch(() => undefined))?.outcome === 'accepted', settleTimeoutMs);
    await until(() => /"epoch":1,.*"msg":"epoch erased"/.test(readFileSync(join(leaving.dir, 'logs', 'node.log'), 'utf8')), settleTimeoutMs);
  }, 900_000);

  test('end in order', async () => {
    expect(await operator.stop()).toBe(0);
    expect(await Promise.all(custodians.map((custodian) => custodian.stop()))).toEqual([0, 0, 0, 0, 0]);
  }, 120_000);
});

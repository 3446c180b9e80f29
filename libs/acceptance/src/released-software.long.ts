import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { folderDigest } from '@boop/platform';
import { projectRoot } from './captures.ts';
import { Custodian } from './custodians/custodian.ts';
import { freePortBase, until } from './network-harness.ts';

const jurisdictions = ['CH', 'DE', 'EE', 'FI', 'IS'];
const settleTimeoutMs = 240_000;
let root: string;
let custodians: Custodian[];
/** Folders of two releases with their digests; the other one differs in a byte that does nothing. */
let release: { folder: string; digest: string };
let other: { folder: string; digest: string };

const script = ({ folder }: { folder: string }): string => join(folder, 'apps', 'cli', 'dist', 'main.js');
const live = (wanted: readonly Custodian[]): Promise<void> =>
  until(async () => {
    for (const { failure } of wanted) if (failure !== undefined) throw new Error(failure);
    return (await Promise.all(wanted.map((custodian) => custodian.checks()))).every((checks) => checks?.['live'] === wanted.length);
  }, settleTimeoutMs);
const epochs = async (): Promise<unknown[]> => (await Promise.all(custodians.map((custodian) => custodian.checks()))).map((checks) => checks?.['epoch']);

/** The last custodian unpacks another release, and starts the node with it. */
async function install(to: { folder: string }): Promise<Custodian> {
  const last = custodians.at(-1)!;
  await last.stop();
  const again = new Custodian(last.dir, { ...last.options, script: script(to) });
  custodians = [...custodians.slice(0, -1), again];
  await again.run();
  return again;
}

/** Proposed by the first, approved by as many as it takes. */
async function decide(software: readonly string[], epoch: number): Promise<void> {
  const [proposer, ...others] = custodians;
  const proposal = (await proposer!.decides('propose', '--set', `software=${JSON.stringify(software)}`)).trim();
  for (const custodian of others.slice(0, 2)) {
    await until(async () => (await custodian.decides('proposals')).includes(proposal), settleTimeoutMs);
    await custodian.decides('approve', proposal);
  }
  await until(async () => (await epochs()).every((served) => served === epoch), settleTimeoutMs);
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'boop-released-'));
  // As root, PostgreSQL is run by another user, who has to reach its programs.
  chmodSync(root, 0o711);
  const [key, out] = [join(root, 'release.key'), join(root, 'out')];
  const node = (...args: string[]): string => execFileSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
  node('scripts/release.mjs', '--new-key', key);
  node('scripts/release.mjs', '--key', key, '--out', out);
  node('scripts/verify-release.mjs', out, '--key', join(out, 'release.pub'));
  const unpacked = join(root, 'unpacked');
  mkdirSync(unpacked);
  const file = (ending: string): string => join(out, readdirSync(out).find((name) => name.endsWith(ending))!);
  execFileSync('tar', ['-xzf', file('.tar.gz'), '-C', unpacked]);
  release = { folder: join(unpacked, readdirSync(unpacked)[0]!), digest: readFileSync(file('.software'), 'utf8').trim() };
  const folder = join(root, 'other');
  cpSync(release.folder, folder, { recursive: true, verbatimSymlinks: true });
  appendFileSync(join(folder, 'LICENSE'), '\n');
  other = { folder, digest: await folderDigest(folder) };
  const portBase = await freePortBase();
  custodians = jurisdictions.map((jurisdiction, at) => new Custodian(join(root, `custodian-${at + 1}`), { name: `node-${at + 1}`, jurisdiction, port: portBase + 1 + at, script: script(release) }));
}, 600_000);

afterAll(async () => {
  await Promise.all((custodians ?? []).map((custodian) => custodian.stop()));
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
}, 120_000);

// The tests tell one story, in order.
describe('five nodes that run from a signed release', () => {
  test('say which, and make a network', async () => {
    expect(release.digest).not.toBe(other.digest);
    await Promise.all(custodians.map((custodian) => custodian.init()));
    const met = await Promise.all(custodians.map((custodian) => custodian.meet(custodians.map(({ address }) => address))));
    await Promise.all(met.map(({ fingerprint, confirm }) => confirm(fingerprint)));
    await Promise.all(custodians.map((custodian) => custodian.run()));
    await live(custodians);
    expect(await custodians[0]!.node('status')).toMatch(new RegExp(`^software +${release.digest}$`, 'm'));
  }, 900_000);

  test('go on once their manifest lists it', async () => {
    await decide([release.digest], 2);
    await live(custodians);
    expect(JSON.parse(await custodians[3]!.decides('show'))).toMatchObject({ epoch: 2, software: [release.digest] });
  }, 600_000);

  test('go on without a node that was started with another release, which ends and says why', async () => {
    const last = await install(other);
    await until(() => last.failure !== undefined, settleTimeoutMs);
    expect(last.failure).toContain('node.software-not-listed');
    await live(custodians.slice(0, -1));
    await install(release);
    await live(custodians);
  }, 600_000);

  test('take a node with the other release once that is listed as well', async () => {
    await decide([release.digest, other.digest], 3);
    await install(other);
    await live(custodians);
    expect(await custodians.at(-1)!.node('status')).toMatch(new RegExp(`^software +${other.digest}$`, 'm'));
  }, 600_000);

  test('have written nothing into the releases', async () => {
    expect(await Promise.all(custodians.map((custodian) => custodian.stop()))).toEqual([0, 0, 0, 0, 0]);
    expect(await Promise.all([release, other].map(({ folder }) => folderDigest(folder)))).toEqual([release.digest, other.digest]);
  }, 300_000);
});

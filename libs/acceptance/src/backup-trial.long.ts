import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RunningNetwork, startNetwork } from './network-harness.ts';
import { NodeBackups } from './node-backups.ts';
import { syntheticPalmOf } from './palms.ts';
import { Shop } from './shop.ts';
import { query } from './stock-clients.ts';

const registered = syntheticPalmOf(73);
let network: RunningNetwork;
let shop: Shop;
let backups: NodeBackups;
let file: string;

const rowsOfNode = async (): Promise<unknown> => await query(network.adminUrl('node_2'), 'SELECT count(*)::int AS rows FROM gallery_rows');
const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('boop-trial-'));
const tryIt = async (backup: string): Promise<string> => await backups.restore(2, backup, '--trial');

beforeAll(async () => {
  network = await startNetwork({ nodes: 4, threshold: 1 });
  shop = new Shop(network);
  backups = new NodeBackups(network);
  await shop.register({ 'right-palm': registered.samples });
  file = await backups.backUp(2);
}, 300_000);

afterAll(async () => {
  shop?.close();
  await network?.dispose();
}, 120_000);

test('a backup is tried beside the node that runs, and nothing stays behind', async () => {
  const [rows, folders] = [await rowsOfNode(), leftovers()];
  expect(rows).toEqual([{ rows: 1 }]);
  expect(await tryIt(file)).toMatch(/^backup 1 of \S+Z can be restored: all \d+ tables/);
  // Into the node's own database it is refused.
  await expect(backups.restore(2, file)).rejects.toThrow('restore.not-empty');
  expect([await rowsOfNode(), leftovers()]).toEqual([rows, folders]);
  await expect(shop.authenticate(registered.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
}, 180_000);

test('a backup with a byte changed, or of another node, fails the trial', async () => {
  const bytes = readFileSync(file);
  bytes[bytes.length - 200]! ^= 1;
  const altered = join(network.dataDir, 'altered.backup');
  writeFileSync(altered, bytes);
  await expect(tryIt(altered)).rejects.toThrow('backup.altered');
  await expect(tryIt(await backups.backUp(1))).rejects.toThrow('backup.other-node');
}, 180_000);

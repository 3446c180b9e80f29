import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningNetwork, startNetwork } from './network-harness.ts';
import { NodeBackups } from './node-backups.ts';
import { syntheticPalmOf } from './palms.ts';
import { Shop } from './shop.ts';

const all = [1, 2, 3, 4];
const [registered, stranger] = [syntheticPalmOf(71), syntheticPalmOf(72)];
let network: RunningNetwork;
let shop: Shop;
let backups: NodeBackups;
let files: string[];
let name: string;

const found = async (): Promise<void> => {
  const result = await shop.authenticate(registered.others[0]!);
  expect(result).toMatchObject({ outcome: 'accepted', verified: true, claims: { sub: name } });
  if (result.outcome !== 'accepted') throw new Error(result.outcome);
  await shop.vendor.verifyProof(await shop.vendor.getLogProof(result.logEntry, { waitMs: 20_000 }));
  await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'rejected', reason: 'no-match' });
  await expect(shop.register({ 'right-palm': registered.others.slice(0, 3) })).rejects.toMatchObject({ code: 'registration.duplicate' });
};

beforeAll(async () => {
  network = await startNetwork({ nodes: 4, threshold: 1 });
  shop = new Shop(network);
  backups = new NodeBackups(network);
  await shop.register({ 'right-palm': registered.samples });
  const first = await shop.authenticate(registered.others[0]!);
  if (first.outcome !== 'accepted') throw new Error(first.outcome);
  name = String(first.claims.sub);
  files = [];
  for (const party of all) {
    backups.copyKeys(party);
    files.push(await backups.backUp(party));
  }
}, 300_000);

afterAll(async () => {
  shop?.close();
  await network?.dispose();
}, 60_000);

// The tests tell one story, in order.
describe('a machine that burned', () => {
  test('is refused the backup of another node, and its own with a byte changed or keys that are not its own', async () => {
    await backups.lose(2);
    await expect(backups.restore(2, files[0]!)).rejects.toThrow('backup.other-node');
    const bytes = readFileSync(files[1]!);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    const altered = join(network.dataDir, 'altered.backup');
    writeFileSync(altered, bytes);
    await expect(backups.restore(2, altered)).rejects.toThrow('backup.altered');
    // Without the custodian's copy of the keys a folder has fresh ones, which no backup was made for.
    await expect(backups.restore(2, files[1]!)).rejects.toThrow('backup.wrong-key');
  }, 60_000);

  test('comes back without its keys by two other custodians, and not by one', async () => {
    await backups.lose(2).catch(() => undefined);
    const requester = (await backups.boop('restore', backups.folder(2), '--ask')).trim();
    const shares = await Promise.all(
      [1, 4].map(async (party) => {
        const file = join(network.dataDir, `share-${party}`);
        writeFileSync(file, await backups.boop('backup-share', backups.folder(party), '--from', files[1]!, '--for', requester));
        return file;
      }),
    );
    await expect(backups.restore(2, files[1]!, '--share', shares[0]!)).rejects.toThrow('backup.too-few-shares');
    await expect(backups.restore(2, files[1]!, '--share', ...shares)).resolves.toContain('the node may be started');
    await network.startNode(2);
    await network.settled();
    // Three of four have to take part: node 2 is needed.
    await network.killNode(1);
    await network.settled([2, 3, 4]);
    await expect(shop.authenticate(registered.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', claims: { sub: name } });
    await network.startNode(1);
    await network.settled();
    await found();
  }, 120_000);
});

test('a whole network that burned is there again, from backups in fresh folders, and matches, names and log go on', async () => {
  for (const party of all) await backups.lose(party);
  for (const party of all) {
    backups.bringKeys(party);
    await backups.restore(party, files[party - 1]!);
  }
  for (const party of all) await network.startNode(party);
  await network.settled();
  await found();
  await expect(shop.register({ 'right-palm': stranger.samples })).resolves.toMatchObject({ verified: true });
  await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
}, 180_000);

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { vrfPublicKey } from '@boop/log';
import { silentLogger, systemClock, systemRng } from '@boop/platform';
import { logEntryHash } from '@boop/protocol';
import { fromBase64Url } from '@boop/shared';
import { FrostSigner } from '../checkpoints/frost-signer.ts';
import { LogKey } from '../checkpoints/log-key.ts';
import { LogPages } from '../checkpoints/log-pages.ts';
import { SignerRoster } from '../checkpoints/signer-roster.ts';
import { MapSequencer } from '../map/map-sequencer.ts';
import { MutationIntake } from '../map/mutation-intake.ts';
import { PrismaMapStore } from '../map/prisma-map-store.ts';
import { EntryPool } from '../sequencer/entry-pool.ts';
import { Sequencer } from '../sequencer/sequencer.ts';
import { Turns } from '../sequencer/turns.ts';
import { PrismaLogStore } from '../store/prisma-log-store.ts';
import { AccountHolder } from '../testing/account-holder.ts';
import { SimulatedNode } from '../testing/simulated-node.ts';
import { TestDatabases } from '../testing/test-databases.ts';
import { TestNetwork } from '../testing/test-network.ts';
import { checkLedger, type CheckReport } from './check-ledger.ts';

const network = new TestNetwork();
const { manifest } = network;
const TABLES = ['entries', 'tiles', 'checkpoints', 'log_state', 'mutations', 'map_nodes', 'map_revisions'];
let databases: TestDatabases;
let logStore: PrismaLogStore;
let mapStore: PrismaMapStore;

const check = async (): Promise<CheckReport> => await checkLedger({ origin: manifest.logOrigin, logStore, mapStore });
const query = async (sql: string): Promise<void> => void (await databases.query('check', sql));

beforeAll(async () => {
  databases = await TestDatabases.start(['check']);
  const database = databases.database('check');
  [logStore, mapStore] = [new PrismaLogStore(database), new PrismaMapStore(database)];
  await fill();
  for (const table of TABLES) await query(`CREATE TABLE saved_${table} AS TABLE ${table}`);
});
afterAll(async () => await databases.stop());

/** 300 entries with two revisions between them, each state under a checkpoint. */
async function fill(): Promise<void> {
  const vrfSecret = systemRng.bytes(32);
  const nodes = [...network.logKeyShares().values()].map((share) => new SimulatedNode(share));
  const key = new LogKey(manifest, nodes, logStore);
  const pages = new LogPages(logStore, (revision) => mapStore.transition(revision));
  const signer = new FrostSigner({ origin: manifest.logOrigin, nodes, key, roster: new SignerRoster({ nowMs: () => 0 }, 1), tiles: logStore, pages, log: silentLogger });
  const sequencer = new Sequencer({ store: logStore, pool: new EntryPool(), log: silentLogger, intervalMs: 1, batchMax: 1 });
  const map = new MapSequencer({ network: manifest, vrfKey: vrfPublicKey(vrfSecret), logStore, mapStore, turns: new Turns(), clock: systemClock, log: silentLogger, intervalMs: 1 });
  const intake = new MutationIntake({ origin: manifest.logOrigin, vrfSecret, store: mapStore, clock: systemClock, waitingMax: 100 });
  const accounts = Array.from({ length: 5 }, (_, at) => new AccountHolder(manifest.logOrigin, vrfSecret, `account-${at}`));
  for (const [round, count] of [120, 180].entries()) {
    const entries = Array.from({ length: count }, (_, at) => network.entry(1_000 * round + at));
    await sequencer.sequence(entries.map((bytes) => ({ hash: fromBase64Url(logEntryHash(bytes)), bytes })));
    for (const account of accounts) await intake.submit(account.advance(`value ${round}`));
    await map.step();
    const [head, published] = [await logStore.head(), await logStore.published()];
    await logStore.publish({ ...head, ...(await signer.sign(head)) }, published?.size);
  }
}

describe('the check of a ledger', () => {
  test('says that all is well, and how much there is', async () => {
    expect(await check()).toEqual({ ok: true, counts: { entries: 302, checkpoints: 2, revisions: 2, mutations: 10, mapAccounts: 5 } });
  });

  test.each<[string, string, string]>([
    ['an entry that was rewritten', `UPDATE entries SET bytes = set_byte(bytes, 40, get_byte(bytes, 40) # 1) WHERE leaf_index = 7`, 'entry 7'],
    ['an entry that is found under another hash', `UPDATE entries SET hash = sha256('x') WHERE leaf_index = 7`, 'entry 7'],
    ['an entry that is gone', `DELETE FROM entries WHERE leaf_index = 300`, 'entries from 256 on'],
    ['a tile with another hash', `UPDATE tiles SET hashes = set_byte(hashes, 100, get_byte(hashes, 100) # 1) WHERE level = 0 AND index = 0`, 'tile 0/0'],
    ['a tile that is gone', `DELETE FROM tiles WHERE level = 1`, 'tile 1/0'],
    ['a head with another root', `UPDATE log_state SET root = sha256('x')`, 'head of 302 entries'],
    ['a checkpoint with another root', `UPDATE checkpoints SET root = sha256('x') WHERE size = 121`, 'checkpoint of 121 entries'],
    ['a checkpoint with the note of another', `UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 302) WHERE size = 121`, 'checkpoint of 121 entries'],
    ['a revision with another root', `UPDATE map_revisions SET root = sha256('x') WHERE revision = 2`, 'revision 2'],
    ['a revision with the transition of another', `UPDATE map_revisions SET transition = (SELECT transition FROM map_revisions WHERE revision = 1) WHERE revision = 2`, 'revision 2'],
    ['a revision that is gone', `DELETE FROM map_revisions WHERE revision = 2`, 'revision 2'],
    ['a mutation that is said to wait', `UPDATE mutations SET revision = NULL WHERE (map_index, version) IN (SELECT map_index, version FROM mutations WHERE version = 1 LIMIT 1)`, 'revision 2, account'],
    ['a mutation that no revision has', `INSERT INTO mutations (map_index, version, bytes, revision) VALUES (sha256('y'), 0, 'z', 2)`, 'revision 2'],
    ['a node of the map that is gone', `DELETE FROM map_nodes WHERE hash = (SELECT root FROM map_revisions WHERE revision = 2)`, 'map'],
    ['a node of the map with other bytes', `UPDATE map_nodes SET bytes = set_byte(bytes, 50, get_byte(bytes, 50) # 1) WHERE hash = (SELECT root FROM map_revisions WHERE revision = 2)`, 'map node'],
  ])('names %s', async (_, sabotage, place) => {
    await query(sabotage);
    try {
      expect(await check()).toEqual({ ok: false, place: expect.stringContaining(place), rule: expect.any(String) });
    } finally {
      await query(`TRUNCATE ${TABLES.join(', ')} CASCADE; ${TABLES.map((table) => `INSERT INTO ${table} SELECT * FROM saved_${table}`).join('; ')}`);
    }
  });

  test('finds nothing once all is as it was', async () => {
    expect((await check()).ok).toBe(true);
  });
});

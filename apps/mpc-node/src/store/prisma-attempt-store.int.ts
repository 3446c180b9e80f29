import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { budgetLimits } from '../sessions/budgets.ts';
import { type NodeDatabase, startNodeDatabase } from '../testing/node-database.ts';
import { PrismaAttemptStore } from './prisma-attempt-store.ts';
import { PrismaSplitStore } from './prisma-stores.ts';

const dayMs = 86_400_000;
const expiresAtMs = 100 * dayMs;
const terminal = { id: 'terminal a', limits: { freeFailures: 2, delaySeconds: 30, failuresMax: 4, acceptedPerDayMax: 2 } };
const vendor = { id: 'vendor a', limits: { ...budgetLimits.vendor, failuresMax: 8 } };
let node: NodeDatabase;
let store: PrismaAttemptStore;
let splits = 0;

beforeAll(async () => {
  node = await startNodeDatabase();
  store = new PrismaAttemptStore(node.database);
}, 120_000);

afterAll(async () => await node?.close(), 120_000);

beforeEach(async () => void (await node.database.$executeRawUnsafe('TRUNCATE attempts, seen_splits')));

const begin = async (nowMs: number, { at = terminal, splitHash = `split ${splits++}` } = {}) => await store.begin(at, vendor, { splitHash, expiresAtMs }, nowMs);
const failuresOf = async (id: string) => (await node.database.attempts.findUnique({ where: { id } }))?.failures;
const isRemembered = async (splitHash: string) => !(await new PrismaSplitStore(node.database).remember(splitHash, expiresAtMs));

describe('attempts', () => {
  test('are counted for terminal and vendor, and must wait after too many failures', async () => {
    for (const nowMs of [0, 1]) expect(await begin(nowMs)).toBe('begun');
    expect(await begin(29_999)).toBe('limited');
    expect([await failuresOf('terminal a'), await failuresOf('vendor a')]).toEqual([2, 3]);
    expect(await begin(30_001)).toBe('begun');
    expect(await begin(60_001)).toBe('begun');
    expect(await begin(50 * dayMs)).toBe('limited');
  });

  test('are stopped by the limits of the vendor alone, too', async () => {
    const at = (i: number) => ({ ...terminal, id: `terminal ${i}` });
    for (let i = 0; i < 8; i++) expect(await begin(i, { at: at(i) })).toBe('begun');
    expect(await begin(8, { at: at(8), splitHash: 'left alone' })).toBe('limited');
    expect(await isRemembered('left alone')).toBe(false);
  });

  test('spend their split once, also when several come at once, and leave it alone when limits refuse them', async () => {
    const outcomes = await Promise.all(['terminal 1', 'terminal 2', 'terminal 3'].map(async (id) => await begin(0, { at: { ...terminal, id }, splitHash: 'one' })));
    expect(outcomes.sort()).toEqual(['begun', 'replayed', 'replayed']);
    expect(await isRemembered('one')).toBe(true);
    for (const nowMs of [0, 1]) await begin(nowMs);
    expect(await begin(2, { splitHash: 'later' })).toBe('limited');
    expect(await begin(40_000, { splitHash: 'later' })).toBe('begun');
  });

  test('of many at once no more pass than the limits allow', async () => {
    const outcomes = await Promise.all(Array.from({ length: 10 }, async () => await begin(0)));
    expect(outcomes.filter((outcome) => outcome === 'begun')).toHaveLength(2);
  });

  test('start again from none once one was accepted, and are counted for its day', async () => {
    for (const nowMs of [0, 1]) await begin(nowMs);
    await store.accepted(['terminal a', 'vendor a', 'subject a'], 2);
    expect([await failuresOf('terminal a'), await failuresOf('vendor a'), await store.acceptedToday('subject a', 3)]).toEqual([0, 0, 1]);
    expect(await begin(4)).toBe('begun');
    await store.accepted(['terminal a', 'vendor a', 'subject a'], 5);
    expect(await begin(6)).toBe('limited');
    expect([await store.acceptedToday('subject a', 7), await store.acceptedToday('subject a', dayMs), await store.acceptedToday('subject b', 7)]).toEqual([2, 0, 0]);
    expect(await begin(dayMs)).toBe('begun');
    await store.accepted(['terminal a', 'vendor a', 'subject a'], dayMs);
    expect(await store.acceptedToday('subject a', dayMs)).toBe(1);
  });
});

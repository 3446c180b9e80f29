import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULT_POINTS } from './faults/fault-points.ts';
import { type CrashFault } from './testing/crashing-writer.ts';
import { crashTrial } from './testing/crash-trial.ts';
import { SimulatedNode } from './testing/simulated-node.ts';
import { TestDatabases } from './testing/test-databases.ts';
import { TestNetwork } from './testing/test-network.ts';

const network = new TestNetwork();
let databases: TestDatabases;
let nodes: SimulatedNode[];

beforeAll(async () => {
  databases = await TestDatabases.start(['crash_long']);
  nodes = [...network.logKeyShares().values()].map((share) => new SimulatedNode(share, (message) => network.sign(share.self, message)));
});
afterAll(async () => await databases.stop());

/** Every write of the ledger's writing half, before and after it. */
const points = FAULT_POINTS.filter((point) => point !== 'witness.head' && point !== 'openings.delete');
const faults = points.flatMap((point) => (['before', 'after'] as const).map((when): CrashFault => ({ point, when, pass: 3 })));

describe('a ledger process that is killed', () => {
  test.each(faults)('$when $point has lost nothing that it acknowledged', async (fault) => {
    const { ended, acknowledged, indexes, receiptsBefore, receipts, report } = await crashTrial(databases, 'crash_long', network, nodes, fault);
    expect(ended).toBe('SIGKILL');
    expect(acknowledged.size).toBeGreaterThan(0);
    for (const [at, index] of acknowledged) expect(indexes[at]).toBe(index);
    for (const [at, { revision: _, ...receipt }] of receiptsBefore) expect(receipts[at]).toMatchObject(receipt);
    expect(new Set(indexes).size).toBe(indexes.length);
    expect(report).toMatchObject({ ok: true, counts: { mutations: 6, mapAccounts: 3 } });
  }, 120_000);
});

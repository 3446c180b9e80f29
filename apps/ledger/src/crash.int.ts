import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CrashFault } from './testing/crashing-writer.ts';
import { crashTrial } from './testing/crash-trial.ts';
import { SimulatedNode } from './testing/simulated-node.ts';
import { TestDatabases } from './testing/test-databases.ts';
import { TestNetwork } from './testing/test-network.ts';

const network = new TestNetwork();
let databases: TestDatabases;
let nodes: SimulatedNode[];

beforeAll(async () => {
  databases = await TestDatabases.start(['crash']);
  nodes = [...network.logKeyShares().values()].map((share) => new SimulatedNode(share, (message) => network.sign(share.self, message)));
});
afterAll(async () => await databases.stop());

/** The end of each kind of write, where it is hardest to tell what happened; all others in `crash.long.ts`. */
const faults: CrashFault[] = [
  { point: 'append.commit', when: 'after', pass: 4 },
  { point: 'revision.commit', when: 'after', pass: 2 },
];

describe('a ledger process that is killed', () => {
  test.each(faults)('$when $point has lost nothing that it acknowledged', async (fault) => {
    const { ended, acknowledged, indexes, receiptsBefore, receipts, report } = await crashTrial(databases, 'crash', network, nodes, fault);
    expect(ended).toBe('SIGKILL');
    expect(acknowledged.size).toBeGreaterThan(0);
    for (const [at, index] of acknowledged) expect(indexes[at]).toBe(index);
    for (const [at, { revision: _, ...receipt }] of receiptsBefore) expect(receipts[at]).toMatchObject(receipt);
    expect(new Set(indexes).size).toBe(indexes.length);
    expect(report).toMatchObject({ ok: true, counts: { mutations: 6, mapAccounts: 3 } });
  }, 60_000);
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CrashFault } from './crashing-writer.ts';
import { crashTrial } from './crash-trial.ts';
import { SimulatedNode } from './simulated-node.ts';
import { TestDatabases } from './test-databases.ts';
import { TestNetwork } from './test-network.ts';

/** One test a fault: a ledger process that is killed there has lost nothing that it acknowledged. */
export function crashSuite(database: string, faults: readonly CrashFault[], timeoutMs: number): void {
  const network = new TestNetwork();
  let databases: TestDatabases;
  let nodes: SimulatedNode[];

  beforeAll(async () => {
    databases = await TestDatabases.start([database]);
    nodes = [...network.logKeyShares().values()].map((share) => new SimulatedNode(share, (message) => network.sign(share.self, message)));
  });
  afterAll(async () => await databases.stop());

  describe('a ledger process that is killed', () => {
    test.each(faults)('$when $point has lost nothing that it acknowledged', async (fault) => {
      const { ended, acknowledged, indexes, receiptsBefore, receipts, report } = await crashTrial(databases, database, network, nodes, fault);
      expect(ended).toBe('SIGKILL');
      expect(acknowledged.size).toBeGreaterThan(0);
      for (const [at, index] of acknowledged) expect(indexes[at]).toBe(index);
      for (const [at, { revision: _, ...receipt }] of receiptsBefore) expect(receipts[at]).toMatchObject(receipt);
      expect(new Set(indexes).size).toBe(indexes.length);
      expect(report).toMatchObject({ ok: true, counts: { mutations: 6, mapAccounts: 3 } });
    }, timeoutMs);
  });
}

import { createMetrics } from '@boop/platform';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Status } from './ledger.ts';

export interface LedgerMetrics {
  readonly registry: Registry;
  readonly batchWritten: (entries: number, durationMs: number) => void;
  readonly checkpointPublished: (durationMs: number) => void;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createLedgerMetrics(sources: { status: () => Promise<Status>; waiting: () => number }): LedgerMetrics {
  const registry = createMetrics('ledger');
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | Promise<number>): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  gauge('boop_log_entries_waiting', 'Entries that wait for a batch', sources.waiting);
  gauge('boop_log_nodes_connected', 'Nodes that can be asked to sign', async () => (await sources.status()).nodesConnected);
  gauge('boop_log_leader', '1 if this replica writes to the log', async () => Number((await sources.status()).leads));
  gauge('boop_log_tree_size', 'Entries in the tree', async () => (await sources.status()).treeSize);
  gauge('boop_log_published_size', 'Entries under the last published checkpoint', async () => (await sources.status()).publishedSize);
  const entries = new Counter({ name: 'boop_log_entries_total', help: 'Entries written by this replica', registers });
  const batchSeconds = new Histogram({ name: 'boop_log_batch_seconds', help: 'Time to write a batch', buckets: SECONDS, registers });
  const checkpointSeconds = new Histogram({ name: 'boop_log_checkpoint_seconds', help: 'Time to sign and publish a checkpoint', buckets: SECONDS, registers });
  return {
    registry,
    batchWritten: (count, durationMs) => {
      entries.inc(count);
      batchSeconds.observe(durationMs / 1_000);
    },
    checkpointPublished: (durationMs) => checkpointSeconds.observe(durationMs / 1_000),
  };
}

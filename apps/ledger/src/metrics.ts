import { createMetrics } from '@boop/platform';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface LedgerMetrics {
  readonly registry: Registry;
  batchWritten(size: number, entries: number, durationMs: number): void;
  checkpointPublished(size: number, durationMs: number): void;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createLedgerMetrics(sources: { waiting: () => number; nodesConnected: () => number; leads: () => boolean }): LedgerMetrics {
  const registry = createMetrics('ledger');
  const registers = [registry];
  const gauge = (name: string, help: string, read?: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        if (read) this.set(read());
      },
    });
  gauge('boop_log_entries_waiting', 'Entries that wait for a batch', sources.waiting);
  gauge('boop_log_nodes_connected', 'Nodes that can be asked to sign', sources.nodesConnected);
  gauge('boop_log_leader', '1 if this replica writes to the log', () => Number(sources.leads()));
  const treeSize = gauge('boop_log_tree_size', 'Entries in the tree');
  const publishedSize = gauge('boop_log_published_size', 'Entries under the last published checkpoint');
  const entries = new Counter({ name: 'boop_log_entries_total', help: 'Entries written by this replica', registers });
  const batchSeconds = new Histogram({ name: 'boop_log_batch_seconds', help: 'Time to write a batch', buckets: SECONDS, registers });
  const checkpointSeconds = new Histogram({ name: 'boop_log_checkpoint_seconds', help: 'Time to sign and publish a checkpoint', buckets: SECONDS, registers });
  return {
    registry,
    batchWritten(size, count, durationMs) {
      treeSize.set(size);
      entries.inc(count);
      batchSeconds.observe(durationMs / 1_000);
    },
    checkpointPublished(size, durationMs) {
      publishedSize.set(size);
      checkpointSeconds.observe(durationMs / 1_000);
    },
  };
}

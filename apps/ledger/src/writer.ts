import { type Logger, systemClock } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { Checkpointer } from './checkpoints/checkpointer.ts';
import { FrostSigner } from './checkpoints/frost-signer.ts';
import { type LogKey } from './checkpoints/log-key.ts';
import { LogPages } from './checkpoints/log-pages.ts';
import { type NodePort } from './checkpoints/node-port.ts';
import { SignerRoster } from './checkpoints/signer-roster.ts';
import { type Tuning } from './config.ts';
import { MapSequencer } from './map/map-sequencer.ts';
import { type MapStore } from './map/map-store.ts';
import { EntryPool, POOL_LIMITS } from './sequencer/entry-pool.ts';
import { Sequencer } from './sequencer/sequencer.ts';
import { Turns } from './sequencer/turns.ts';
import { type LogStore } from './store/log-store.ts';
import { CosignatureCollector } from './witness/cosignature-collector.ts';
import { type WitnessClient } from './witness/witness-client.ts';

export interface WriterOptions {
  readonly manifest: NetworkManifest;
  readonly store: LogStore;
  readonly mapStore: MapStore;
  /** Hash of the last commitment to all balances, for the record of each map revision. */
  readonly balancesRoot?: (() => Promise<Uint8Array | undefined>) | undefined;
  /** Public key of the map's indexes. */
  readonly vrfKey: Uint8Array;
  readonly nodes: readonly NodePort[];
  readonly key: LogKey;
  readonly tuning: Tuning;
  readonly log: Logger;
  readonly onBatch: (entries: number, durationMs: number) => void;
  readonly onCheckpoint: (durationMs: number) => void;
  readonly witnesses: readonly WitnessClient[];
}

/** The part of a replica that changes the log; it works while it leads. */
export interface Writer {
  readonly pool: EntryPool;
  /** Says that a node came back. */
  wake(): void;
  /** Says that a mutation waits. */
  wakeMap(): void;
  lead(signal: AbortSignal): Promise<void>;
}

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

export function createWriter({ manifest, store, mapStore, balancesRoot, vrfKey, nodes, key, tuning, log, onBatch, onCheckpoint, witnesses }: WriterOptions): Writer {
  const pool = new EntryPool({ ...POOL_LIMITS, entriesMax: tuning.waitingMax });
  const roster = new SignerRoster({ nowMs: () => performance.now() }, tuning.leftOutMs);
  const checkpointer = new Checkpointer({
    store,
    signer: new FrostSigner({ origin: manifest.logOrigin, nodes, key, roster, tiles: store, pages: new LogPages(store, (revision) => mapStore.transition(revision)), log }),
    log,
    intervalMs: tuning.checkpointIntervalMs,
    retryMinMs: RETRY_MIN_MS,
    retryMaxMs: RETRY_MAX_MS,
    onPublished: (_checkpoint, durationMs) => {
      onCheckpoint(durationMs);
      collector.wake();
    },
  });
  const collector = new CosignatureCollector({ manifest, store, tiles: store, nodes, witnesses, log, refreshMs: tuning.cosignatureRefreshMs });
  const turns = new Turns();
  const mapSequencer = new MapSequencer({
    network: manifest,
    vrfKey,
    logStore: store,
    mapStore,
    ...(balancesRoot ? { balancesRoot } : {}),
    turns,
    clock: systemClock,
    log,
    intervalMs: tuning.revisionIntervalMs,
    onRevision: () => checkpointer.wake(),
  });
  const sequencer = new Sequencer({
    store,
    pool,
    turns,
    log,
    intervalMs: tuning.batchIntervalMs,
    batchMax: tuning.batchMax,
    onBatch: (_head, entries, durationMs) => {
      onBatch(entries, durationMs);
      checkpointer.wake();
    },
  });
  return {
    pool,
    wake: () => checkpointer.wake(),
    wakeMap: () => mapSequencer.wake(),
    lead: async (signal) => {
      await Promise.all([sequencer.run(signal), mapSequencer.run(signal), checkpointer.run(signal), collector.run(signal)]);
    },
  };
}

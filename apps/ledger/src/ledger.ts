import { LinkServer, type Logger, type Readiness, startMetricsServer, type TlsMaterial } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Checkpointer } from './checkpoints/checkpointer.ts';
import { FrostSigner } from './checkpoints/frost-signer.ts';
import { LogKey } from './checkpoints/log-key.ts';
import { openNodeLinks } from './checkpoints/node-links.ts';
import { SignerRoster } from './checkpoints/signer-roster.ts';
import { type LedgerConfig } from './config.ts';
import { startHttp } from './http/http-app.ts';
import { LeaderLock } from './leader/leader-lock.ts';
import { isGateway, ledgerHandlers } from './link/ledger-handlers.ts';
import { createLedgerMetrics } from './metrics.ts';
import { Admission } from './sequencer/admission.ts';
import { EntryPool, POOL_LIMITS } from './sequencer/entry-pool.ts';
import { Sequencer } from './sequencer/sequencer.ts';
import { Proofs } from './serving/proofs.ts';
import { PublishedTiles } from './serving/published-tiles.ts';
import { type LogStore } from './store/log-store.ts';

export interface LedgerOptions {
  readonly config: Pick<LedgerConfig, 'networkId' | 'http' | 'link' | 'metrics' | 'tuning'>;
  readonly manifest: NetworkManifest;
  readonly tls: TlsMaterial;
  readonly databaseUrl: string;
  readonly store: LogStore;
  readonly log: Logger;
}

export interface RunningLedger {
  readonly httpPort: number;
  readonly linkPort: number;
  /** Whether this replica writes to the log. */
  leads(): boolean;
  /** Undoes everything, last first; the store stays open. */
  close(): Promise<void>;
}

/** Appends wait for their batch, so many are in flight; what the pool can't hold is refused there. */
const LINK_LIMITS = { requestsServedMax: 1_024 } as const;
const APPEND_TIMEOUT_MS = 10_000;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Wires one replica of the ledger and starts it. @throws BoopError `ledger.wrong-network`, and what listening throws */
export async function startLedger({ config, manifest, tls, databaseUrl, store, log }: LedgerOptions): Promise<RunningLedger> {
  if (config.networkId !== manifest.networkId) throw new BoopError('ledger.wrong-network', 'the manifest is of another network', { kind: 'fatal' });
  const { networkId, tuning } = config;
  const undo: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of undo.splice(0).reverse()) await one();
  };
  try {
    const pool = new EntryPool({ ...POOL_LIMITS, entriesMax: tuning.waitingMax });
    const links = openNodeLinks(manifest, { tls, timeoutMs: tuning.nodeTimeoutMs, log, onUp: () => checkpointer.wake() });
    undo.push(() => links.close());
    const metrics = createLedgerMetrics({
      waiting: () => pool.waiting,
      nodesConnected: () => links.nodes.filter(({ connected }) => connected).length,
      leads: () => pool.isOpen,
    });
    const key = new LogKey(manifest, links.nodes, store);
    const roster = new SignerRoster({ nowMs: () => performance.now() }, tuning.leftOutMs);
    const checkpointer: Checkpointer = new Checkpointer({
      store,
      signer: new FrostSigner({ origin: manifest.logOrigin, nodes: links.nodes, key, roster, tiles: store, log }),
      log,
      intervalMs: tuning.checkpointIntervalMs,
      retryMinMs: RETRY_MIN_MS,
      retryMaxMs: RETRY_MAX_MS,
      onPublished: ({ size }, durationMs) => metrics.checkpointPublished(size, durationMs),
    });
    const sequencer = new Sequencer({
      store,
      pool,
      log,
      intervalMs: tuning.batchIntervalMs,
      batchMax: tuning.batchMax,
      onBatch: ({ size }, entries, durationMs) => {
        metrics.batchWritten(size, entries, durationMs);
        checkpointer.wake();
      },
    });
    const proofs = new Proofs(store);
    const handlers = ledgerHandlers({ origin: manifest.logOrigin, admission: new Admission(manifest), pool, proofs, key, appendTimeoutMs: APPEND_TIMEOUT_MS });
    const server = new LinkServer({ tls, networkId, authorize: isGateway, handlers, log, limits: LINK_LIMITS });
    undo.push(() => server.close());
    const { port: linkPort } = await server.listen(config.link.port, config.link.host);

    const readiness = async (): Promise<Readiness> => {
      const [head, published] = await Promise.all([store.head(), store.published()]);
      const nodesConnected = links.nodes.filter(({ connected }) => connected).length;
      return { ready: true, checks: { leads: pool.isOpen, treeSize: head.size, publishedSize: published?.size ?? 0, nodesConnected } };
    };
    const http = await startHttp({ tiles: new PublishedTiles(store), proofs, key, readiness, log }, config.http);
    undo.push(() => http.close());
    const metricsServer = await startMetricsServer({ ...config.metrics, registry: metrics.registry });
    undo.push(() => metricsServer.close());

    const lock = new LeaderLock({
      databaseUrl,
      intervalMs: tuning.leaderIntervalMs,
      log,
      lead: async (signal) => {
        await Promise.all([sequencer.run(signal), checkpointer.run(signal)]);
      },
    });
    undo.push(() => lock.close());
    return { httpPort: http.port, linkPort, leads: () => pool.isOpen, close };
  } catch (error) {
    await close();
    throw error;
  }
}

import { MatchingEngine } from '@boop/engine';
import { type Kernel, palmGeometry } from '@boop/kernels';
import { palmStatistic } from '@boop/mpc';
import { type NodeMesh, type RunRegistry } from '@boop/platform';
import { type PartyId } from '@boop/shared';
import { assembleNode, type AssembledNode, type Surroundings } from '../assemble.ts';
import { engineRows } from '../gallery/share-rows.ts';
import { attributesHandlers, type AttributesHandlers } from '../link/attributes-handlers.ts';
import { MeshPeers } from '../link/mesh-peers.ts';
import { type GatewayHandlers, type LedgerHandlers } from '../link/router.ts';
import { gatewayHandlers, ledgerHandlers } from '../link/service-handlers.ts';
import { type NodeMetrics } from '../metrics.ts';
import { type Network } from '../network.ts';
import { Readiness } from '../readiness/readiness.ts';
import { type EpochShares } from './epoch-host.ts';
import { inEpoch } from './epoch-peers.ts';

/** Address space for so many rows is set aside; memory is taken as they come. */
const galleryRowsMax = 200_000;
/** Threads that multiply the gallery. */
const shardThreads = 1;

/** A node in one epoch, with the threads that hold its rows. */
export interface ServedEpoch {
  readonly node: AssembledNode;
  readonly shares: EpochShares;
  readonly gateway: GatewayHandlers;
  readonly ledger: LedgerHandlers;
  readonly attributes: AttributesHandlers;
  ready(): boolean;
  peerChanged(connected: boolean): void;
  /** Makes correlations and keys ahead, settles what is open. */
  start(): void;
  /** Keeps nothing ready any more; sessions go on. */
  retire(): void;
  /** Wipes what is secret in memory. */
  stop(): Promise<void>;
}

export interface EpochSurroundings extends Omit<Surroundings, 'network' | 'peers' | 'registry' | 'kernel' | 'shares' | 'stores'> {
  readonly mesh: NodeMesh;
  readonly registry: RunRegistry;
  readonly kernel: Kernel;
  readonly metrics: NodeMetrics;
  readonly stores: Omit<Surroundings['stores'], 'gallery' | 'keys'>;
  /** Done before the process says for the first time that it is ready. */
  readonly warmUp: () => Promise<void>;
  /** Whether this process has served another epoch before. */
  readonly isLater: boolean;
}

/** @param isMember whether the machine that has this party's link now holds shares of this epoch */
export async function serveEpoch(network: Network, shares: EpochShares, surroundings: EpochSurroundings, isMember: (party: PartyId) => boolean): Promise<ServedEpoch> {
  const { mesh, registry, metrics, stores, warmUp, isLater, ...rest } = surroundings;
  const peers = new MeshPeers(inEpoch(mesh, network, isMember), () => node.handlers);
  const engine = await MatchingEngine.create({
    self: network.self,
    statistic: palmStatistic,
    geometry: palmGeometry,
    rowsMax: galleryRowsMax,
    shards: shardThreads,
    transport: {
      send(to, runId, payload, released) {
        peers.sendSession(to, runId, payload);
        released();
      },
      route: (runId, route) => registry.route(runId, route),
    },
  });
  const node = assembleNode({ ...rest, network, peers, registry, shares: engineRows(engine), stores: { ...stores, ...shares } });
  const readiness = new Readiness({ network, peers, ring: node.ring, keeper: node.keeper, clock: rest.clock, warmUp, settled: isLater });
  const services = [node.ceremonies, node.rollover, node.sync, node.keeper, node.orders.sync, node.retention, readiness];
  try {
    await node.load();
  } catch (error) {
    await engine.close();
    throw error;
  }
  return {
    node,
    shares,
    gateway: gatewayHandlers(node, peers, metrics, readiness),
    ledger: ledgerHandlers(node),
    attributes: attributesHandlers(node),
    ready: () => readiness.ready,
    peerChanged(connected) {
      node.committees.peerChanged();
      node.holders.peerChanged();
      if (connected) void node.sync.settle();
    },
    start() {
      for (const service of services) service.start();
    },
    retire() {
      node.ceremonies.stop();
      node.rollover.stop();
      node.keeper.stop();
    },
    async stop() {
      for (const service of services) service.stop();
      node.wipe();
      await engine.close();
    },
  };
}

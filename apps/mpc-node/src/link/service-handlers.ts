import { BoopError } from '@boop/shared';
import { serializeGroupKey } from '@boop/threshold';
import { type AssembledNode } from '../assemble.ts';
import { type NodeMetrics } from '../metrics.ts';
import { type Readiness } from '../readiness/readiness.ts';
import { groupKeyNameSchema } from './peer-methods.ts';
import { type Peers } from './peers.ts';
import { type GatewayHandlers, type LedgerHandlers } from './router.ts';

/** gateway → node */
export function gatewayHandlers(node: AssembledNode, peers: Peers, metrics: NodeMetrics, readiness: Pick<Readiness, 'able' | 'ready'>): GatewayHandlers {
  const startedAt = performance.now();
  const requireAble = (): void => {
    if (!readiness.able) throw new BoopError('mpc.nodes-unavailable', 'this node is not ready', { kind: 'unavailable' });
  };
  return {
    'node.status': async () => ({
      party: node.network.self,
      epoch: node.network.epoch,
      ready: readiness.ready,
      live: peers.live(),
      galleryRows: node.gallery.rows,
      correlations: node.committees.lanesHeld,
      uptimeSeconds: (performance.now() - startedAt) / 1000,
      groupKeys: node.ring.publicKeys(),
      timeMs: Date.now(),
    }),
    'authentication.run': async (body) => {
      requireAble();
      const answer = await node.authentications.run(body);
      metrics.session('authentication', answer.reason, answer.stages);
      return answer;
    },
    'authentication.match': async (body) => {
      requireAble();
      const answer = await node.authentications.match(body);
      if (!('held' in answer)) metrics.session('authentication', answer.reason, answer.stages);
      return answer;
    },
    'authentication.sign': async (body) => {
      const answer = await node.authentications.sign(body);
      if (!('dropped' in answer)) metrics.session('authentication', answer.reason, answer.stages);
      return answer;
    },
    'epoch.current': async () => ({ manifest: node.network.manifest, entries: [] }),
    'subject.erase': async (body) => {
      requireAble();
      return await node.erasure.run(body);
    },
    'subject.order': async (body) => {
      requireAble();
      return await node.orders.lead.run(body);
    },
    'subject.read': async ({ call }) => node.orders.service.read(call),
    'registration.run': async (body) => {
      requireAble();
      const answer = await node.registrations.run(body);
      metrics.session('registration', 'ok', answer.stages);
      return answer;
    },
    // Also while too few nodes are up to do anything.
    'registration.find': async (body) => node.registrations.find(body),
  };
}

/** ledger → node */
export function ledgerHandlers(node: AssembledNode): LedgerHandlers {
  return {
    'checkpoint.head': async () => node.checkpoints.head(),
    'checkpoint.read': async (body) => await node.checkpoints.read(body),
    'checkpoint.commit': async (body) => await node.checkpoints.commit(body),
    'checkpoint.sign': async (body) => node.checkpoints.sign(body),
    'checkpoint.cosign': async (body) => node.checkpoints.cosign(body),
    'keys.get': async ({ name }) => {
      const known = groupKeyNameSchema.safeParse(name);
      if (!known.success) throw new BoopError('keys.missing', 'the nodes have no such group key', { kind: 'unavailable' });
      return { key: serializeGroupKey(node.ring.get(known.data).group) };
    },
  };
}

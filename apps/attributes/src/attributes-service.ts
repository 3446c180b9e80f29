import { type Logger } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type Clock, type Rng } from '@boop/shared';
import { AttributeService } from './attributes/attribute-service.ts';
import { AttributeStore } from './attributes/attribute-store.ts';
import { RegistryStore } from './attributes/registry-store.ts';
import { createConsents } from './consents/create-consents.ts';
import { createCredentials } from './credentials/create-credentials.ts';
import { Feed } from './feed/feed.ts';
import { PrismaFeedLog } from './feed/prisma-feed-log.ts';
import { attributeHandlers } from './link/gateway-handlers.ts';
import { type MethodHandlers } from './link/method-table.ts';
import { storageHandlers } from './link/node-handlers.ts';
import { GroupKeys } from './nodes/group-keys.ts';
import { FollowedNodes, type NodeLink } from './nodes/node-links.ts';
import { EvaluationRound } from './releases/evaluation-round.ts';
import { RecordStorage } from './releases/record-storage.ts';
import { ReleaseGate } from './releases/release-gate.ts';
import { ReleaseLog } from './releases/release-log.ts';
import { type Database } from './store/database.ts';

/** The service without sockets: what the gateway and the nodes may ask of it. */
export interface AssembledAttributes {
  readonly feed: Feed;
  readonly attributes: AttributeService;
  readonly releases: ReleaseLog;
  readonly forGateway: MethodHandlers;
  readonly forNodes: MethodHandlers;
  /** Another manifest is in force, whose links are there. */
  follow(manifest: NetworkManifest): void;
  start(): void;
  stop(): Promise<void>;
}

/** @param linkOf link to a party, 1…N; undefined for one that has left */
export async function assembleAttributes(use: { manifest: NetworkManifest; database: Database; linkOf: (party: number) => NodeLink | undefined; clock: Clock; rng: Rng; log: Logger }): Promise<AssembledAttributes> {
  const { manifest, database, linkOf, clock, rng, log } = use;
  const { networkId } = manifest;
  let { epoch } = manifest;
  const nodes = new FollowedNodes({ manifest, linkOf, clock });
  const feedLog = new PrismaFeedLog(database, networkId);
  const gate = new ReleaseGate(await feedLog.revoked());
  const feed = await Feed.open({ nodes, log: feedLog, gate, clock, logger: log });
  const store = new AttributeStore(database, networkId);
  const registry = new RegistryStore(database);
  await registry.seed();
  const releases = new ReleaseLog(database);
  const storage = new RecordStorage({ nodes, store, releases, gate, clock });
  const attributes = new AttributeService({ nodes, rounds: new EvaluationRound(nodes, log), storage, store, registry, feed, clock, rng, log });
  const keys = new GroupKeys(nodes);
  const signers = () => {
    const live = nodes.live();
    return nodes.parties().map((party) => ({ party, connected: live.includes(party), request: async (...call: Parameters<NodeLink['request']>) => await nodes.request(party, ...call) }));
  };
  const credentials = createCredentials({ database, networkId, feed, signers, groupKey: () => keys.get('credential'), clock, log });
  const consents = createConsents({
    database, feed, clock, rng, log,
    network: { networkId, get epoch() { return epoch; } },
    async eraseAttributes(request) {
      const erased = await attributes.erase(request);
      await credentials.service.forget(request.record.accountKey);
      return erased;
    },
  });
  return {
    feed,
    attributes,
    releases,
    forGateway: { ...attributeHandlers({ networkId, attributes, registry, releases, keys }), ...consents.handlers, ...credentials.handlers },
    forNodes: storageHandlers(storage),
    follow(next) {
      epoch = next.epoch;
      feed.follow(nodes.follow(next));
    },
    start() {
      feed.start();
      feed.forgetErased();
    },
    async stop() {
      await consents.close();
      await feed.stop();
    },
  };
}

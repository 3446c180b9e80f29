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
import { type NodeLink, nodesOf } from './nodes/node-links.ts';
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
  start(): void;
  stop(): Promise<void>;
}

/** @param linkOf link to a party, 1…N */
export async function assembleAttributes(use: { manifest: NetworkManifest; database: Database; linkOf: (party: number) => NodeLink; clock: Clock; rng: Rng; log: Logger }): Promise<AssembledAttributes> {
  const { manifest, database, linkOf, clock, rng, log } = use;
  const { networkId, epoch } = manifest;
  const nodes = nodesOf(manifest, linkOf);
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
  const signers = manifest.members.map(({ party }) => ({ party, get connected() { return linkOf(party).connected; }, request: (...call: Parameters<NodeLink['request']>) => linkOf(party).request(...call) }));
  const credentials = createCredentials({ database, networkId, feed, signers, groupKey: () => keys.get('credential'), clock, log });
  const consents = createConsents({
    database, networkId, epoch, feed, clock, rng, log,
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

import { createMetrics, type Handlers, LinkClient, LinkServer, type Logger, ManifestFollower, startHealthServer, startMetricsServer, systemClock, systemRng, type TlsSource } from '@boop/platform';
import { type Member, type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Gauge } from 'prom-client';
import { type AssembledAttributes, assembleAttributes } from './attributes-service.ts';
import { type AttributesConfig } from './config.ts';
import { serve } from './link/method-table.ts';
import { LinkPool } from './nodes/link-pool.ts';
import { openDatabase } from './store/database.ts';

export interface RunningAttributes {
  readonly service: AssembledAttributes;
  readonly linkPort: number;
  stop(): Promise<void>;
}

/**
 * Everything that makes the service a process: database, links to all nodes, the gateway's link, health. Undoes what it has begun when it fails.
 * @param input.chainFile where it keeps the manifests that came into force after the one it is started with
 */
export async function startAttributes({ config, manifest: started, chainFile, tls, databaseUrl, log }: { config: AttributesConfig; manifest: NetworkManifest; chainFile: string; tls: TlsSource; databaseUrl: string; log: Logger }): Promise<RunningAttributes> {
  const undo: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const { networkId } = started;
    if (networkId !== config.networkId) throw new BoopError('attributes.other-network', 'the manifest is of another network', { kind: 'fatal' });
    const database = await openDatabase(databaseUrl);
    undo.push(() => database.$disconnect());
    const manifests = new ManifestFollower({ started, file: chainFile, log });
    const manifest = manifests.view;
    const nodeHandlers: Handlers = { request: async (_, method, body) => await serve(service.forNodes, method, body), session: () => undefined };
    let beat = (): void => undefined;
    const open = ({ party, host, linkPort }: Pick<Member, 'party' | 'host' | 'linkPort'>): LinkClient =>
      new LinkClient({ tls, networkId, expect: { role: 'node', id: String(party) }, host, port: linkPort, handlers: nodeHandlers, log }).on('up', () => beat());
    const links = new LinkPool({ open, log });
    undo.push(() => links.close());
    links.follow(manifest.members);
    const service = await assembleAttributes({ manifest: manifests.current, database, linkOf: (party) => links.of(party), clock: systemClock, rng: systemRng, log });
    undo.push(() => service.stop());
    beat = () => service.feed.beat();
    service.start();
    manifests.on('change', (next) => {
      links.follow(next.members);
      service.follow(next);
    });
    manifests.start(() => links.all());
    undo.push(() => manifests.stop());

    const handlers: Handlers = { request: async (_, method, body) => await serve(service.forGateway, method, body), session: () => undefined };
    const server = new LinkServer({ tls, networkId, authorize: ({ role }) => role === 'gateway', handlers, log });
    const { port: linkPort } = await server.listen(config.link.port, config.link.host);
    undo.push(() => server.close());

    const connected = (): number => links.all().filter((link) => link.connected).length;
    const health = await startHealthServer({
      ...config.health,
      ready: async () => {
        const reachable = await database.$queryRaw`SELECT 1`.then(() => true, () => false);
        return { ready: reachable && connected() > 2 * manifest.threshold, checks: { database: reachable, nodes: connected(), epoch: manifest.epoch } };
      },
    });
    undo.push(() => health.close());
    if (config.metrics) {
      const registry = createMetrics('attributes');
      new Gauge({ name: 'boop_attributes_nodes', help: 'Nodes whose link is up', registers: [registry], collect() { this.set(connected()); } });
      const metrics = await startMetricsServer({ ...config.metrics, registry });
      undo.push(() => metrics.close());
    }
    log.info('serving', { linkPort });
    return { service, linkPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { createMetrics, type Handlers, LinkClient, LinkServer, type Logger, startHealthServer, startMetricsServer, systemClock, systemRng, type TlsSource } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Gauge } from 'prom-client';
import { type AssembledAttributes, assembleAttributes } from './attributes-service.ts';
import { type AttributesConfig } from './config.ts';
import { serve } from './link/method-table.ts';
import { openDatabase } from './store/database.ts';

export interface RunningAttributes {
  readonly service: AssembledAttributes;
  readonly linkPort: number;
  stop(): Promise<void>;
}

/** Everything that makes the service a process: database, links to all nodes, the gateway's link, health. Undoes what it has begun when it fails. */
export async function startAttributes({ config, manifest, tls, databaseUrl, log }: { config: AttributesConfig; manifest: NetworkManifest; tls: TlsSource; databaseUrl: string; log: Logger }): Promise<RunningAttributes> {
  const undo: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const { networkId } = manifest;
    if (networkId !== config.networkId) throw new BoopError('attributes.other-network', 'the manifest is of another network', { kind: 'fatal' });
    const database = await openDatabase(databaseUrl);
    undo.push(() => database.$disconnect());
    const nodeHandlers: Handlers = { request: async (_, method, body) => await serve(service.forNodes, method, body), session: () => undefined };
    const links = manifest.members.map(({ party, host, linkPort }) => new LinkClient({ tls, networkId, expect: { role: 'node', id: String(party) }, host, port: linkPort, handlers: nodeHandlers, log }));
    undo.push(() => Promise.all(links.map((link) => link.close())));
    const service = await assembleAttributes({ manifest, database, linkOf: (party) => links[party - 1]!, clock: systemClock, rng: systemRng, log });
    undo.push(() => service.stop());
    for (const link of links) link.on('up', () => service.feed.beat());
    service.start();

    const handlers: Handlers = { request: async (_, method, body) => await serve(service.forGateway, method, body), session: () => undefined };
    const server = new LinkServer({ tls, networkId, authorize: ({ role }) => role === 'gateway', handlers, log });
    const { port: linkPort } = await server.listen(config.link.port, config.link.host);
    undo.push(() => server.close());

    const connected = (): number => links.filter((link) => link.connected).length;
    const health = await startHealthServer({
      ...config.health,
      ready: async () => {
        const reachable = await database.$queryRaw`SELECT 1`.then(() => true, () => false);
        return { ready: reachable && connected() > 2 * manifest.threshold, checks: { database: reachable, nodes: connected() } };
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

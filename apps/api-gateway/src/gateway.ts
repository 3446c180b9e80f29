import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations, createMetrics, describeError, LinkClient, LinkServer, loadTlsMaterial, type Logger, readSecretFile, startMetricsServer, systemClock, systemRng } from '@boop/platform';
import { parseManifest } from '@boop/protocol';
import { BoopError, type Clock, type Rng } from '@boop/shared';
import { type GatewayConfig } from './config.ts';
import { encoderOf } from './domain/check-split.ts';
import { adminEvent } from './domain/events.ts';
import { pvsDocument, signConfiguration } from './domain/pvs-configuration.ts';
import { createHttpServer } from './http/http-server.ts';
import { ledgerClient } from './ledger/ledger-client.ts';
import { OutboxWorker } from './ledger/outbox-worker.ts';
import { bridgeHandlers } from './link/bridge-methods.ts';
import { NodePool } from './nodes/node-pool.ts';
import { verifyEd25519 } from './nodes/verify-ed25519.ts';
import { AuthenticationService } from './services/authentication-service.ts';
import { every } from './services/jobs.ts';
import { LogService } from './services/log-service.ts';
import { NetworkService } from './services/network-service.ts';
import { RateLimits } from './services/rate-limit.ts';
import { RegistrationService } from './services/registration-service.ts';
import { gatewayMetrics } from './services/stage-metrics.ts';
import { TerminalService } from './services/terminal-service.ts';
import { openSigningKey } from './signing-key.ts';
import { authenticationStore } from './store/authentication-store.ts';
import { openDatabase } from './store/database.ts';
import { directoryStore } from './store/directory-store.ts';
import { eventStore } from './store/event-store.ts';
import { groupKeyStore } from './store/group-key-store.ts';
import { idempotencyStore } from './store/idempotency-store.ts';
import { outboxStore } from './store/outbox-store.ts';
import { publishedVersion } from './store/pvs-configuration-store.ts';
import { registrationStore } from './store/registration-store.ts';
import { applySeed, readSeed } from './store/seed.ts';

const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
const expiryMs = 500;
const janitorMs = 30_000;
const nodesEventMs = 10_000;

export interface Gateway {
  readonly httpPort: number;
  readonly linkPort: number;
  close(): Promise<void>;
}

/** Wires the gateway and starts it. Parts are undone in reverse order, also when a later part fails to start. */
export async function startGateway(config: GatewayConfig, use: { log: Logger; clock?: Clock; rng?: Rng }): Promise<Gateway> {
  const { log, clock = systemClock, rng = systemRng } = use;
  const undos: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const undo of undos.splice(0).reverse()) await undo();
  };
  try {
    return await start();
  } catch (error) {
    await close().catch((cause: unknown) => log.error('could not undo a failed start', { error: describeError(cause) }));
    throw error;
  }

  async function start(): Promise<Gateway> {
    const manifest = parseManifest(JSON.parse(readFileSync(config.manifestFile, 'utf8')));
    if (manifest.networkId !== config.networkId) throw new BoopError('config.invalid', 'networkId: the manifest is of another network', { kind: 'fatal' });
    const tls = loadTlsMaterial(config.tls);
    const device = openSigningKey(config.signingKeyFile ?? join(dirname(config.tls.keyFile), 'gateway-signing.key'), rng);

    const databaseUrl = readSecretFile(config.databaseUrlFile);
    await applyMigrations(databaseUrl, migrationsDir);
    const database = openDatabase(databaseUrl);
    undos.push(() => database.$disconnect());
    await applySeed(database, readSeed(config.seedFile));
    const events = eventStore(database);
    const directory = directoryStore(database);
    const outbox = outboxStore(database);
    const idempotency = idempotencyStore(database);
    const limits = new RateLimits();

    const { networkId } = config;
    const link = (expect: ConstructorParameters<typeof LinkClient>[0]['expect'], host: string, port: number) => new LinkClient({ tls, networkId, expect, host, port, log });
    const nodes = new NodePool({
      members: manifest.members,
      threshold: manifest.threshold,
      connect: ({ party, host, linkPort }) => link({ role: 'node', id: String(party) }, host, linkPort),
      log,
    });
    undos.push(() => nodes.close());
    const ledgerLink = link({ role: 'ledger', id: config.ledger.id }, config.ledger.host, config.ledger.port);
    undos.push(() => ledgerLink.close());
    const ledger = ledgerClient(ledgerLink);

    const network = new NetworkService({ manifest, issuer: config.issuer, urls: config.publicUrls, keys: groupKeyStore(database), statuses: () => nodes.statuses(), log });
    await network.load();
    nodes.on('keys', (keys) => void network.learn(keys).catch((error: unknown) => log.error('group keys could not be stored', { error: describeError(error) })));
    const announceNodes = () => events.append([adminEvent({ type: 'nodes', nodes: nodes.statuses() })]);
    nodes.on('change', () => void announceNodes().catch((error: unknown) => log.warn('node status could not be published', { error: describeError(error) })));

    const worker = new OutboxWorker({ outbox, ledger, clock, log });
    undos.push(() => worker.stop());
    ledgerLink.on('up', () => worker.kick());
    worker.kick();

    const registry = createMetrics('api-gateway');
    const metrics = gatewayMetrics(registry, { live: () => nodes.live().length, outbox: () => outbox.waiting() });
    const shared = { network, nodes, limits, metrics, verify: verifyEd25519, onDecision: () => worker.kick(), clock, rng, log };
    const authentications = new AuthenticationService({ ...shared, store: authenticationStore(database), directory, events, device });
    const registrations = new RegistrationService({ ...shared, store: registrationStore(database) });
    undos.push(() => registrations.settled());
    const document = pvsDocument(encoderOf(manifest, manifest.defaultOperatingPoint));
    const configuration = signConfiguration(await publishedVersion(database, document), document, device);
    const terminals = new TerminalService({ events, directory, authentications, configuration, clock });

    undos.push(every(expiryMs, 'expire contexts', async () => {
      await authentications.expireDue();
      await registrations.expireDue();
    }, log));
    undos.push(every(janitorMs, 'prune', async () => {
      await events.prune(clock.nowMs());
      await idempotency.prune(clock.nowMs());
    }, log));
    undos.push(every(nodesEventMs, 'announce nodes', announceNodes, log));

    const linkServer = new LinkServer({ tls, networkId, authorize: ({ role }) => role === 'bridge', handlers: bridgeHandlers({ directory, authentications, registrations, terminals, network, clock, log }), log });
    const { port: linkPort } = await linkServer.listen(config.link.port, config.link.host);
    undos.push(() => linkServer.close());
    const metricsServer = await startMetricsServer({ ...config.metrics, registry });
    undos.push(() => metricsServer.close());

    const readiness = async () => {
      const reachable = await database.$queryRaw`SELECT 1`.then(() => true, () => false);
      return { ready: reachable && network.ready, checks: { database: reachable, groupKeys: network.ready, nodesLive: nodes.live().length, ledger: ledger.connected } };
    };
    const http = await createHttpServer({ authentications, network, directory, idempotency, logService: new LogService(ledger, outbox), limits, requestsPerMinute: config.requestsPerMinute, metrics, readiness, origins: consoleOrigins(config.publicUrls.console), clock, log });
    undos.push(() => http.close());
    await http.listen(config.http.port, config.http.host);
    const { port: httpPort } = http.getHttpServer().address() as { port: number };
    log.info('gateway started', { httpPort, linkPort, nodes: manifest.members.length });
    return { httpPort, linkPort, close };
  }
}

/** The console's origin; a loopback one goes by two names. */
export function consoleOrigins(consoleUrl: string): string[] {
  const url = new URL(consoleUrl);
  if (url.hostname !== '127.0.0.1') return [url.origin];
  const named = new URL(url);
  named.hostname = 'localhost';
  return [url.origin, named.origin];
}

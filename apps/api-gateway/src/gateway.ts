import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyMigrations, createMetrics, describeError, LinkClient, LinkServer, loadTlsMaterial, type Logger, type PeerIdentity, readSecretFile, startMetricsServer, systemClock, systemRng } from '@boop/platform';
import { type NetworkManifest, parseManifest } from '@boop/protocol';
import { BoopError, type Clock, type Rng } from '@boop/shared';
import { type GatewayConfig } from './config.ts';
import { encoderOf } from './domain/check-split.ts';
import { pvsDocument, signConfiguration } from './domain/pvs-configuration.ts';
import { createHttpServer } from './http/http-server.ts';
import { accountsClient } from './ledger/accounts-client.ts';
import { ledgerClient } from './ledger/ledger-client.ts';
import { OutboxWorker } from './ledger/outbox-worker.ts';
import { bridgeHandlers } from './link/bridge-methods.ts';
import { NodePool } from './nodes/node-pool.ts';
import { verifyEd25519 } from './nodes/verify-ed25519.ts';
import { AuthenticationService } from './services/authentication-service.ts';
import { startJobs } from './services/background-jobs.ts';
import { LogService } from './services/log-service.ts';
import { NetworkService } from './services/network-service.ts';
import { RateLimits } from './services/rate-limit.ts';
import { RegistrationService } from './services/registration-service.ts';
import { gatewayMetrics } from './services/stage-metrics.ts';
import { TerminalService } from './services/terminal-service.ts';
import { openSigningKey } from './signing-key.ts';
import { openDatabase } from './store/database.ts';
import { publishedVersion } from './store/pvs-configuration-store.ts';
import { applySeed, readSeed } from './store/seed.ts';
import { openStores } from './store/stores.ts';

const migrationsDir = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

export interface Gateway {
  readonly httpPort: number;
  readonly linkPort: number;
  close(): Promise<void>;
}

interface Surroundings {
  readonly log: Logger;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Registers what `close` undoes, last one first. */
  readonly undo: (work: () => Promise<unknown>) => void;
}

/** Wires the gateway and starts it. Parts are undone in reverse order, also when a later part fails to start. */
export async function startGateway(config: GatewayConfig, use: { log: Logger; clock?: Clock; rng?: Rng }): Promise<Gateway> {
  const { log, clock = systemClock, rng = systemRng } = use;
  const undos: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const work of undos.splice(0).reverse()) await work();
  };
  try {
    const ports = await start(config, { log, clock, rng, undo: (work) => void undos.push(work) });
    return { ...ports, close };
  } catch (error) {
    await close().catch((cause: unknown) => log.error('could not undo a failed start', { error: describeError(cause) }));
    throw error;
  }
}

async function start(config: GatewayConfig, { log, clock, rng, undo }: Surroundings): Promise<{ httpPort: number; linkPort: number }> {
  const manifest = readManifest(config);
  const tls = loadTlsMaterial(config.tls);
  const { networkId, issuer, publicUrls: urls } = config;
  const device = openSigningKey(config.signingKeyFile ?? join(dirname(config.tls.keyFile), 'gateway-signing.key'), rng);

  const databaseUrl = readSecretFile(config.databaseUrlFile);
  await applyMigrations(databaseUrl, migrationsDir);
  const database = openDatabase(databaseUrl);
  undo(() => database.$disconnect());
  await applySeed(database, readSeed(config.seedFile));
  const stores = openStores(database);
  const { events, directory, outbox, idempotency } = stores;

  const connect = (expect: PeerIdentity, host: string, port: number): LinkClient => new LinkClient({ tls, networkId, expect, host, port, log });
  const nodes = new NodePool({
    members: manifest.members,
    threshold: manifest.threshold,
    connect: ({ party, host, linkPort }) => connect({ role: 'node', id: String(party) }, host, linkPort),
    log,
  });
  undo(() => nodes.close());
  const ledgerLink = connect({ role: 'ledger', id: config.ledger.id }, config.ledger.host, config.ledger.port);
  undo(() => ledgerLink.close());
  const ledger = ledgerClient(ledgerLink);
  const worker = new OutboxWorker({ outbox, ledger, clock, log });
  undo(() => worker.stop());
  ledgerLink.on('up', () => worker.kick());
  worker.kick();

  const network = new NetworkService({ manifest, issuer, urls, keys: stores.groupKeys, statuses: () => nodes.statuses(), log });
  await network.load();
  nodes.on('keys', (keys) => void network.learn(keys).catch((error: unknown) => log.error('group keys could not be stored', { error: describeError(error) })));

  const registry = createMetrics('api-gateway');
  const metrics = gatewayMetrics(registry, { live: () => nodes.live().length, outbox: () => outbox.waiting() });
  const limits = new RateLimits();
  const shared = { network, nodes, limits, metrics, verify: verifyEd25519, onDecision: () => worker.kick(), clock, rng, log };
  const authentications = new AuthenticationService({ ...shared, store: stores.authentications, directory, events, device });
  const registrations = new RegistrationService({ ...shared, store: stores.registrations });
  undo(() => registrations.settled());
  const document = pvsDocument(encoderOf(manifest, manifest.defaultOperatingPoint));
  const configuration = signConfiguration(await publishedVersion(database, document), document, device);
  const terminals = new TerminalService({ events, directory, authentications, configuration, clock });
  undo(startJobs({ authentications, registrations, events, idempotency, outbox, nodes, clock, log }));

  const handlers = bridgeHandlers({ directory, authentications, registrations, terminals, network, clock, log });
  const linkServer = new LinkServer({ tls, networkId, authorize: ({ role }) => role === 'bridge', handlers, log });
  const { port: linkPort } = await linkServer.listen(config.link.port, config.link.host);
  undo(() => linkServer.close());
  const metricsServer = await startMetricsServer({ ...config.metrics, registry });
  undo(() => metricsServer.close());

  const readiness = async () => {
    const reachable = await database.$queryRaw`SELECT 1`.then(() => true, () => false);
    return { ready: reachable && network.ready, checks: { database: reachable, groupKeys: network.ready, nodesLive: nodes.live().length, ledger: ledger.connected } };
  };
  const http = await createHttpServer({
    authentications,
    network,
    directory,
    idempotency,
    logService: new LogService(ledger, outbox),
    accounts: accountsClient(ledgerLink),
    limits,
    requestsPerMinute: config.requestsPerMinute,
    metrics,
    readiness,
    origins: consoleOrigins(urls.console),
    clock,
    log,
  });
  undo(() => http.close());
  await http.listen(config.http.port, config.http.host);
  const { port: httpPort } = http.getHttpServer().address() as { port: number };
  log.info('gateway started', { httpPort, linkPort, nodes: manifest.members.length });
  return { httpPort, linkPort };
}

function readManifest({ manifestFile, networkId }: GatewayConfig): NetworkManifest {
  const manifest = parseManifest(JSON.parse(readFileSync(manifestFile, 'utf8')));
  if (manifest.networkId !== networkId) throw new BoopError('config.invalid', 'networkId: the manifest is of another network', { kind: 'fatal' });
  return manifest;
}

/** The console's origin; a loopback one goes by two names. */
export function consoleOrigins(consoleUrl: string): string[] {
  const url = new URL(consoleUrl);
  if (url.hostname !== '127.0.0.1') return [url.origin];
  const named = new URL(url);
  named.hostname = 'localhost';
  return [url.origin, named.origin];
}

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SigningKey } from '@boop/identity';
import { createDevCa, type EmbeddedPostgres, issueCertificate, LinkClient, type PeerIdentity, peerUri, silentLogger, startEmbeddedPostgres, systemRng, type TlsMaterial } from '@boop/platform';
import { freePort } from '@boop/testing';
import { Client } from 'pg';
import { gatewayConfigSchema, type GatewayConfig } from '../config.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import { type Seed } from '../store/seed.ts';
import { FakeLedger, FakeNetwork, networkId } from './fake-network.ts';

const host = '127.0.0.1';
const keyHash = (key: string): string => createHash('sha256').update(key).digest('base64url');

export const keys = { shop: 'sk_test_shop', other: 'sk_test_other', till: 'tk_test_till', otherTill: 'tk_test_other', admin: 'ak_test_admin', auditor: 'rk_test_auditor' } as const;
export const device = SigningKey.generate(systemRng);
export const otherDevice = SigningKey.generate(systemRng);

/** A whole gateway with a real database and real links to fake nodes and a fake ledger. */
export class TestGateway {
  /** Of the Redis that all gateways of this process share; they do without where it is undefined. */
  static redisUrl: string | undefined;
  readonly dir: string;
  readonly nodes: FakeNetwork;
  readonly ledger: FakeLedger;
  readonly gateway: Gateway;
  readonly config: GatewayConfig;
  readonly databaseUrl: string;
  readonly logged: string[] = [];
  #postgres: EmbeddedPostgres;
  readonly #tlsOf: (peer: PeerIdentity) => Promise<TlsMaterial>;

  private constructor(parts: Pick<TestGateway, 'dir' | 'nodes' | 'ledger' | 'gateway' | 'config' | 'databaseUrl' | 'logged'> & { postgres: EmbeddedPostgres; tlsOf: (peer: PeerIdentity) => Promise<TlsMaterial> }) {
    this.dir = parts.dir;
    this.nodes = parts.nodes;
    this.ledger = parts.ledger;
    this.gateway = parts.gateway;
    this.config = parts.config;
    this.databaseUrl = parts.databaseUrl;
    this.logged = parts.logged;
    this.#postgres = parts.postgres;
    this.#tlsOf = parts.tlsOf;
  }

  /** @param options.config what differs from the usual configuration */
  static async start(options: { config?: Partial<GatewayConfig>; redisUrl?: string } = {}): Promise<TestGateway> {
    const { redisUrl = TestGateway.redisUrl } = options;
    const dir = mkdtempSync(join(tmpdir(), 'boop-gateway-'));
    const [postgresPort, ledgerPort, ...nodePorts] = await Promise.all(Array.from({ length: 7 }, () => freePort()));
    const postgres = await openPostgres(dir, postgresPort!);
    const ca = await createDevCa(join(dir, 'ca'));
    const tlsOf = ({ role, id }: PeerIdentity) => issueCertificate(ca, { commonName: id, uri: peerUri(networkId, { role, id }), ips: [host] });
    const nodes = await FakeNetwork.create({ nodes: 5, threshold: 1, ports: nodePorts, tls: await Promise.all(nodePorts.map((_, i) => tlsOf({ role: 'node', id: String(i + 1) }))) });
    await nodes.up(1, 2, 3, 4, 5);
    const ledger = new FakeLedger(await tlsOf({ role: 'ledger', id: 'main' }));
    await ledger.listen(ledgerPort!);

    const write = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text, { mode: 0o600 });
      return join(dir, name);
    };
    const own = await tlsOf({ role: 'gateway', id: 'main' });
    const config = gatewayConfigSchema.parse({
      networkId,
      manifestFile: write('network.json', JSON.stringify(nodes.manifest)),
      tls: { certFile: write('tls.crt', own.cert), keyFile: write('tls.key', own.key), caFile: write('ca.crt', own.ca) },
      http: { host, port: 0 },
      link: { host, port: 0 },
      metrics: { host, port: 0 },
      databaseUrlFile: write('database.url', postgres.urls['gateway']!),
      ledger: { host, port: ledgerPort! },
      seedFile: write('seed.json', JSON.stringify(seed)),
      issuer: 'http://127.0.0.1:40401',
      publicUrls: { gateway: 'http://127.0.0.1:40401', bridge: 'ws://127.0.0.1:40403', ledger: 'http://127.0.0.1:40404', console: 'http://127.0.0.1:40400' },
      ...(redisUrl === undefined ? {} : { redisUrlFile: write('redis.url', redisUrl) }),
      ...options.config,
    });
    const logged: string[] = [];
    const note = (message: string, fields?: object): void => void logged.push(JSON.stringify([message, fields]));
    const log = { ...silentLogger, info: note, warn: note, error: note, child: () => silentLogger };
    const gateway = await startGateway(config, { log });
    const started = new TestGateway({ dir, nodes, ledger, gateway, config, databaseUrl: postgres.urls['gateway']!, logged, postgres, tlsOf });
    await eventually(async () => (await started.call('GET', '/readyz')).status === 200 && (await started.liveNodes()) === 5);
    return started;
  }

  async stop(): Promise<void> {
    await this.gateway.close();
    await this.nodes.close();
    await this.ledger.close();
    await this.#postgres.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10 });
  }

  async call(method: string, path: string, options: { key?: string; body?: unknown; headers?: Record<string, string> } = {}): Promise<{ status: number; headers: Headers; body: any }> { // eslint-disable-line @typescript-eslint/no-explicit-any
    const response = await fetch(`http://${host}:${this.gateway.httpPort}${path}`, {
      method,
      headers: {
        ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: options.body === undefined ? null : typeof options.body === 'string' ? options.body : JSON.stringify(options.body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : /[/+]json/.test(response.headers.get('content-type') ?? '') ? (JSON.parse(text) as unknown) : text };
  }

  /** Not a number where the gateway gives no answer. */
  async liveNodes(): Promise<number> {
    const { status, body } = await this.call('GET', '/v1/network/nodes');
    return status !== 200 ? Number.NaN : (body as { nodes: { ready: boolean }[] }).nodes.filter(({ ready }) => ready).length;
  }

  /** Ends the database server as a power cut would: the postmaster and, with it, all of its processes. */
  async killDatabase(): Promise<void> {
    process.kill(Number.parseInt(readFileSync(join(this.dir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8'), 10), 'SIGKILL');
    await this.#postgres.ended;
  }

  /** Ends the database server in good order. */
  async stopDatabase(): Promise<void> {
    await this.#postgres.stop();
  }

  /** Starts the database server again, over its data and on its port. */
  async startDatabase(): Promise<void> {
    this.#postgres = await openPostgres(this.dir, this.#postgres.port);
  }

  /** A client as the bridge has one. */
  async bridge(): Promise<LinkClient> {
    const tls = await this.#tlsOf({ role: 'bridge', id: 'main' });
    const client = new LinkClient({ tls, networkId, expect: { role: 'gateway', id: 'main' }, host, port: this.gateway.linkPort });
    await client.waitConnected(30_000);
    return client;
  }

  async sql<Row extends object>(query: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query(query, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  async events(stream: string): Promise<{ type: string; [field: string]: unknown }[]> {
    const rows = await this.sql<{ payload: { type: string } }>('SELECT payload FROM channel_events WHERE stream = $1 ORDER BY event_offset', [stream]);
    return rows.map(({ payload }) => payload);
  }
}

const openPostgres = (dir: string, port: number): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ dir: join(dir, 'postgres'), port, databases: [{ name: 'gateway', user: 'gateway' }] });

const seed: Seed = {
  vendors: [
    { id: 'shop', name: 'Shop', sector: 'shop.example', apiKeyHash: keyHash(keys.shop), limits: { authenticationsPerMinute: 1_000 } },
    { id: 'other', name: 'Other', sector: 'other.example', apiKeyHash: keyHash(keys.other), limits: { authenticationsPerMinute: 2 } },
  ],
  terminals: [
    { id: 'till', vendorId: 'shop', keyHash: keyHash(keys.till), deviceKey: device.publicKey },
    { id: 'other-till', vendorId: 'other', keyHash: keyHash(keys.otherTill), deviceKey: otherDevice.publicKey },
  ],
  admins: [{ id: 'root', keyHash: keyHash(keys.admin) }],
  auditors: [{ id: 'ida', keyHash: keyHash(keys.auditor) }],
};

export async function eventually(holds: () => Promise<boolean> | boolean, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

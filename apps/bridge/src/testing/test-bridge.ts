import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDevCa, type DevCa, type EmbeddedPostgres, issueCertificate, LinkServer, peerUri, silentLogger, startEmbeddedPostgres } from '@boop/platform';
import { Pool } from 'pg';
import { type Bridge, startBridge } from '../bridge.ts';
import { type BridgeConfig, bridgeConfigSchema, type Limits } from '../config.ts';
import { BridgeProcess } from './bridge-process.ts';
import { freePort } from '@boop/testing';

const networkId = 'test-net';
const host = '127.0.0.1';
export type GatewayScript = (method: string, body: Record<string, unknown>) => Promise<unknown> | unknown;

export interface TestBridgeOptions {
  readonly redisUrl?: string;
  readonly history?: Partial<BridgeConfig['history']>;
  /** Serves the public port by TLS with the bridge's own certificate. */
  readonly tls?: boolean;
  /** Addresses whose word about their clients is taken. */
  readonly proxies?: readonly string[];
}

/** Tables of the gateway's database that the bridge reads, as the gateway's own migration makes them. */
const migration = readFileSync(new URL('../../../api-gateway/prisma/migrations/0001_init/migration.sql', import.meta.url), 'utf8');

/** A bridge with a real database and a real link to a gateway whose answers are the test's. */
export class TestBridge {
  script: GatewayScript = () => ({});
  readonly asked: { method: string; body: Record<string, unknown> }[] = [];
  readonly logged: string[] = [];
  readonly bridges: Bridge[] = [];
  readonly #processes: BridgeProcess[] = [];
  #config!: BridgeConfig;
  #ca!: DevCa;
  #count = 0;
  #dir = mkdtempSync(join(tmpdir(), 'boop-bridge-'));
  #postgres!: EmbeddedPostgres;
  #gateway!: LinkServer;
  #gatewayPort = 0;
  #pool!: Pool;

  static async start(limits: Partial<Limits> = {}, options: TestBridgeOptions = {}): Promise<TestBridge> {
    const started = await TestBridge.withoutBridge(limits, options);
    await started.another();
    return started;
  }

  /** Database and gateway only; bridges come as processes of their own. */
  static async withoutBridge(limits: Partial<Limits> = {}, options: TestBridgeOptions = {}): Promise<TestBridge> {
    const started = new TestBridge();
    await started.#prepare(limits, options);
    return started;
  }

  /** The first one. */
  get bridge(): Bridge {
    return this.bridges[0]!;
  }

  get url(): string {
    return this.urlOf(this.bridge);
  }

  urlOf({ port }: Bridge): string {
    return `${this.#config.publicTls ? 'wss' : 'ws'}://${host}:${port}`;
  }

  /** Of the authority that issued the bridge's certificate. */
  get caFile(): string {
    return this.#config.tls.caFile;
  }

  /** One more bridge of the same channels. @param limits what differs from the others' */
  async another(limits: Partial<Limits> = {}): Promise<Bridge> {
    const note = (message: string, fields?: object): void => void this.logged.push(JSON.stringify([message, fields]));
    const bridge = await startBridge({ ...this.#config, tls: await this.#ownTls(), limits: { ...this.#config.limits, ...limits } }, { log: { ...silentLogger, info: note, warn: note, error: note } });
    this.bridges.push(bridge);
    while (!(await bridge.isReady())) await new Promise((resolve) => setTimeout(resolve, 20));
    return bridge;
  }

  /** A bridge in a process of its own, from the build. */
  async process(): Promise<BridgeProcess> {
    const started = await BridgeProcess.start({ ...this.#config, tls: await this.#ownTls(), http: { host, port: await freePort() } }, this.#dir);
    this.#processes.push(started);
    return started;
  }

  async #prepare(limits: Partial<Limits>, { redisUrl, history = {}, tls: publicTls = false, proxies = [] }: TestBridgeOptions): Promise<void> {
    const dir = this.#dir;
    await this.startDatabase(await freePort());
    const databaseUrl = this.#postgres.urls['gateway']!;
    this.#pool = new Pool({ connectionString: databaseUrl });
    // The server may stop before an idle connection is closed.
    this.#pool.on('error', () => undefined);
    await this.#pool.query(migration);
    this.#ca = await createDevCa(join(dir, 'ca'));
    const port = await this.startGateway();
    const own = await this.#ownTls();
    this.#config = bridgeConfigSchema.parse({
      networkId,
      tls: own,
      ...(publicTls ? { publicTls: { certFile: own.certFile, keyFile: own.keyFile } } : {}),
      http: { host, port: 0 },
      metrics: { host, port: 0 },
      databaseUrlFile: this.#write('database.url', databaseUrl),
      ...(redisUrl === undefined ? {} : { redisUrlFile: this.#write('redis.url', redisUrl) }),
      history,
      gateway: { host, port },
      origins: ['http://127.0.0.1:40400'],
      trustedProxies: [...proxies],
      limits,
    });
  }

  #issue(role: 'gateway' | 'bridge', id: string) {
    return issueCertificate(this.#ca, { commonName: role, uri: peerUri(networkId, { role, id }), ips: [host] });
  }

  /** Starts it, after the first time at the same address. */
  async startDatabase(port = this.#postgres.port): Promise<void> {
    this.#postgres = await startEmbeddedPostgres({ dir: join(this.#dir, 'postgres'), port, databases: [{ name: 'gateway', user: 'gateway' }] });
  }

  async stopDatabase(): Promise<void> {
    await this.#postgres.stop();
  }

  /** Starts it, the second time at the same address. @returns its port */
  async startGateway(): Promise<number> {
    this.#gateway = new LinkServer({
      tls: await this.#issue('gateway', 'main'),
      networkId,
      authorize: ({ role }) => role === 'bridge',
      handlers: {
        request: async (_peer, method, body) => {
          this.asked.push({ method, body: body as Record<string, unknown> });
          return (await this.script(method, body as Record<string, unknown>)) ?? {};
        },
        session() {},
      },
    });
    this.#gatewayPort ||= await freePort();
    await this.#gateway.listen(this.#gatewayPort, host);
    return this.#gatewayPort;
  }

  async stopGateway(): Promise<void> {
    await this.#gateway.close();
  }

  /** Of a bridge of its own name: a gateway keeps one link to each name. */
  async #ownTls(): Promise<BridgeConfig['tls']> {
    const id = `bridge-${++this.#count}`;
    const { cert, key, ca } = await this.#issue('bridge', id);
    return { certFile: this.#write(`${id}.crt`, cert), keyFile: this.#write(`${id}.key`, key), caFile: this.#write('ca.crt', ca) };
  }

  #write(name: string, text: string): string {
    writeFileSync(join(this.#dir, name), text, { mode: 0o600 });
    return join(this.#dir, name);
  }

  async stop(): Promise<void> {
    for (const bridge of this.bridges) await bridge.close();
    for (const process of this.#processes) await process.kill();
    await this.#gateway.close();
    await this.#pool.end();
    await this.#postgres.stop();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10 });
  }

  /** Until the bridge has asked the gateway this: what a client reports has no answer to wait for. */
  async heard(method: string): Promise<void> {
    while (!this.asked.some((request) => request.method === method)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** What the gateway does when something happens. */
  async append(stream: string, ...payloads: object[]): Promise<void> {
    for (const payload of payloads) {
      const { rows } = await this.#pool.query<{ last_offset: string }>(
        `INSERT INTO channel_streams VALUES ($1, 'epoch-1', 1) ON CONFLICT (stream) DO UPDATE SET last_offset = channel_streams.last_offset + 1 RETURNING last_offset`,
        [stream],
      );
      await this.#pool.query('INSERT INTO channel_events VALUES ($1, $2, $3, now())', [stream, rows[0]!.last_offset, JSON.stringify(payload)]);
    }
    await this.#pool.query(`SELECT pg_notify('channel_event', $1)`, [stream]);
  }

  /** Numbered events by the statement, as many as a busy gateway writes in a moment; the first number is 1. */
  async appendNumbered(stream: string, count: number): Promise<number> {
    const { rows } = await this.#pool.query<{ last: string }>(
      `WITH moved AS (INSERT INTO channel_streams VALUES ($1, 'epoch-1', $2) ON CONFLICT (stream) DO UPDATE SET last_offset = channel_streams.last_offset + $2 RETURNING last_offset),
         added AS (INSERT INTO channel_events SELECT $1, last_offset - $2 + i, jsonb_build_object('type', 'context_expired', 'contextId', (last_offset - $2 + i)::text), now() FROM moved, generate_series(1, $2) AS i)
       SELECT last_offset AS last, pg_notify('channel_event', $1) FROM moved`,
      [stream, count],
    );
    return Number(rows[0]!.last);
  }

  async sql(query: string, values: unknown[] = []): Promise<void> {
    await this.#pool.query(query, values);
  }
}

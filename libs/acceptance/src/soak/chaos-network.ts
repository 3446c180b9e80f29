import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { type Rng } from '@boop/shared';
import { ChaosProxy, freePort, hasRedis, RedisServer } from '@boop/testing';
import { parse, stringify } from 'yaml';
import { projectRoot } from '../captures.ts';
import { freePortBase, RunningNetwork, until } from '../network-harness.ts';

interface Supervised {
  readonly script: string;
  readonly folder: string;
  readonly healthUrl: string;
  child?: ChildProcess | undefined;
  ended: Promise<void>;
  /** Somebody means it to be down. */
  down: boolean;
  /** The durable write at which it is to die, once. */
  fault?: string | undefined;
}

const restartDelayMs = 500;
const drainSeconds = 40;
const postgresStartsMax = 5;

type Config = Record<string, unknown> & { link: { port: number }; http?: { port: number }; health?: { port: number } };

/**
 * A development network in which everything can be broken: each process is one of ours, started again by a supervisor when it ends by itself, all internal
 * links pass a {@link ChaosProxy}, and PostgreSQL and Redis are ours to stop. It is made by the launcher, which is then told to end.
 */
export class ChaosNetwork {
  /** As vendors and people see it. */
  readonly shown: RunningNetwork;
  readonly proxies = new Map<string, ChaosProxy>();
  /** Processes that ended without having been killed, by name. */
  readonly endedByThemselves: string[] = [];
  readonly #processes = new Map<string, Supervised>();
  #postgres: EmbeddedPostgres | undefined;
  #redis: RedisServer | undefined;
  #stopping = false;

  private constructor(shown: RunningNetwork) {
    this.shown = shown;
  }

  static async start(rng: Rng): Promise<ChaosNetwork> {
    const dataDir = mkdtempSync(join(tmpdir(), 'boop-soak-'));
    const shown = new RunningNetwork(dataDir, await freePortBase(), {});
    const network = new ChaosNetwork(shown);
    try {
      await shown.provision();
      await network.postgresUp();
      if (hasRedis('channels in Redis')) network.#redis = await RedisServer.start('forgetful');
      await network.#configure(rng);
      for (const name of network.names) network.#start(name);
      await network.ready();
      await network.settled();
      return network;
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.#processes.keys()];
  }

  get nodes(): string[] {
    return this.names.filter((name) => name.startsWith('node-'));
  }

  get redis(): RedisServer | undefined {
    return this.#redis;
  }

  isDown(name: string): boolean {
    return this.#processes.get(name)!.down;
  }

  /** SIGKILL, until {@link revive}. */
  async kill(name: string): Promise<void> {
    const process = this.#processes.get(name)!;
    process.down = true;
    process.child?.kill('SIGKILL');
    await process.ended;
  }

  revive(name: string): void {
    this.#processes.get(name)!.down = false;
    this.#start(name);
  }

  /**
   * Starts a process anew, to be killed by itself at a durable write; the supervisor starts it again without that.
   * @param fault `POINT before` or `POINT after`
   * @returns when it has died
   */
  async arm(name: string, fault: string): Promise<{ readonly died: Promise<void> }> {
    await this.kill(name);
    const process = this.#processes.get(name)!;
    process.fault = fault;
    this.revive(name);
    return { died: process.ended };
  }

  /** Stops a process without its noticing, as a machine that swaps or a virtual machine that is moved. */
  freeze(name: string): void {
    this.#processes.get(name)!.child?.kill('SIGSTOP');
  }

  thaw(name: string): void {
    this.#processes.get(name)!.child?.kill('SIGCONT');
  }

  /** Until every process calls itself ready. */
  async ready(timeoutMs = 600_000): Promise<void> {
    const waiting = async (): Promise<string[]> => {
      const ready = await Promise.all([...this.#processes].map(async ([name, { healthUrl }]) => ((await isReady(healthUrl)) ? [] : [name])));
      return ready.flat();
    };
    await until(async () => (await waiting()).length === 0, timeoutMs).catch(async (error: unknown) => {
      throw new Error(`not ready: ${(await waiting()).join()}`, { cause: error });
    });
  }

  async postgresUp(): Promise<void> {
    const databases = [...this.shown.manifest.members.map(({ party }) => `node_${party}`), 'gateway', 'ledger', 'attributes'].map((name) => ({ name, user: name }));
    for (let attempt = 1; ; attempt++) {
      try {
        this.#postgres = await startEmbeddedPostgres({ dir: join(this.shown.dataDir, 'postgres'), port: this.shown.portBase + 5, databases });
        return;
      } catch (error) {
        // Replaying its log while all processes ask for connections takes long on a busy machine.
        if (attempt === postgresStartsMax) throw error;
      }
    }
  }

  /** `fast` ends all transactions and writes what is committed; `crash` is an immediate shutdown, after which the write-ahead log is replayed. */
  async postgresDown(how: 'fast' | 'crash'): Promise<void> {
    const postgres = this.#postgres;
    if (!postgres) return;
    if (how === 'crash') process.kill(Number.parseInt(this.shown.read('postgres/cluster/postmaster.pid'), 10), 'SIGQUIT');
    else await postgres.stop();
    await postgres.ended;
  }

  /** What custodians have approved; the nodes go there by themselves. */
  propose(manifest: NetworkManifest): void {
    this.shown.write('next.json', JSON.stringify(manifest));
  }

  /** The manifest with which processes start from now on. */
  adopt(manifest: NetworkManifest): void {
    this.shown.write('network.json', JSON.stringify(manifest));
  }

  /** Ends of the logs, for a report of what went wrong. */
  log(name: string): string {
    return this.shown.read(`logs/soak-${name}.log`);
  }

  /** Until the gateway and the nodes see one another. */
  async settled(timeoutMs = 300_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    await until(async () => {
      try {
        await this.shown.settled();
        return true;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        return false;
      }
    }, 2 * timeoutMs);
  }

  /** @param keep leaves the data folder, with all logs, for whoever looks for the reason */
  async stop(keep = false): Promise<void> {
    this.#stopping = true;
    // Callers before those whom they call.
    for (const name of this.names.reverse()) {
      const { child, ended } = this.#processes.get(name)!;
      child?.kill('SIGCONT');
      child?.kill('SIGTERM');
      const timer = setTimeout(() => child?.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    }
    for (const proxy of this.proxies.values()) await proxy.stop();
    await this.#redis?.stop();
    await this.#postgres?.stop();
    await this.shown.dispose();
    if (!keep) rmSync(this.shown.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Every process listens elsewhere than others believe; what is in between is a proxy. */
  async #configure(rng: Rng): Promise<void> {
    const redisUrlFile = this.#redis && join(this.shown.dataDir, 'redis.url');
    if (redisUrlFile) writeFileSync(redisUrlFile, this.#redis!.url, { mode: 0o600 });
    const add = async (name: string, app: string, folder: string, change: (config: Config) => Config): Promise<void> => {
      const file = join(this.shown.dataDir, folder, 'config.yaml');
      const config = parse(readFileSync(file, 'utf8')) as Config;
      const health = config.health ?? config.http!;
      const linkPort = config.link?.port;
      const changed = change(config);
      if (linkPort !== undefined) {
        const port = await freePort();
        this.proxies.set(name, await ChaosProxy.start({ target: { host: '127.0.0.1', port }, port: linkPort, rng }));
        changed.link = { ...config.link, port };
      }
      writeFileSync(file, stringify(changed));
      this.#processes.set(name, { script: join(projectRoot, `apps/${app}/dist/main.js`), folder, healthUrl: `http://127.0.0.1:${health.port}`, ended: Promise.resolve(), down: false });
    };
    const nextManifestFile = join(this.shown.dataDir, 'next.json');
    for (const { party } of this.shown.manifest.members) await add(`node-${party}`, 'mpc-node', `nodes/${party}`, (config) => ({ ...config, nextManifestFile, epochDrainSeconds: drainSeconds }));
    await add('ledger', 'ledger', 'ledger', (config) => config);
    await add('attributes', 'attributes', 'attributes', (config) => config);
    const withRedis = (config: Config): Config => ({ ...config, ...(redisUrlFile && { redisUrlFile }) });
    await add('gateway', 'api-gateway', 'gateway', withRedis);
    await add('bridge', 'bridge', 'bridge', withRedis);
  }

  #start(name: string): void {
    const supervised = this.#processes.get(name)!;
    if (supervised.child || this.#stopping) return;
    const log = openSync(join(this.shown.dataDir, `logs/soak-${name}.log`), 'a', 0o600);
    const { fault } = supervised;
    supervised.fault = undefined;
    const script = fault === undefined ? supervised.script : join(dirname(supervised.script), 'testing/crashing-main.js');
    const env = { PATH: process.env['PATH'], BOOP_CONFIG: join(this.shown.dataDir, supervised.folder, 'config.yaml'), ...(fault === undefined ? {} : { TEST_FAULT: fault }) };
    // The channel ends with us, and the process with the channel.
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    supervised.child = child;
    supervised.ended = new Promise((resolve) => child.once('exit', () => resolve()));
    void supervised.ended.then(() => {
      supervised.child = undefined;
      if (supervised.down || this.#stopping) return;
      this.endedByThemselves.push(name);
      setTimeout(() => this.#start(name), restartDelayMs).unref();
    });
  }
}

async function isReady(healthUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(3_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

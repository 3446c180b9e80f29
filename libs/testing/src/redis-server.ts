import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

const program = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((path) => existsSync(path));

/** Whether this machine has a Redis to test with; says so by name where it has none. */
export function hasRedis(what: string): boolean {
  if (!program) process.stderr.write(`redis-server is absent: ${what} not run\n`);
  return program !== undefined;
}

/** Whether a restart finds what was acknowledged, or nothing. */
export type RedisDurability = 'append-only' | 'forgetful';

const persistence: Readonly<Record<RedisDurability, readonly string[]>> = {
  'append-only': ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
  forgetful: ['--appendonly', 'no'],
};

/** A Redis of the test's own, on loopback and a free port. */
export class RedisServer {
  readonly #dir = mkdtempSync(join(tmpdir(), 'boop-redis-'));
  readonly #port: number;
  readonly #durability: RedisDurability;
  #process: ChildProcess | undefined;

  private constructor(port: number, durability: RedisDurability) {
    this.#port = port;
    this.#durability = durability;
  }

  /** @throws Error on a machine without Redis */
  static async start(durability: RedisDurability): Promise<RedisServer> {
    if (!program) throw new Error('redis-server is absent');
    const server = new RedisServer(await freePort(), durability);
    await server.up();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Until it takes connections. */
  async up(): Promise<void> {
    const options = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#dir, '--save', '', ...persistence[this.#durability]];
    this.#process = spawn(program!, options, { stdio: 'ignore' });
    while (!(await accepts(this.#port))) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Without warning, as when its machine dies. */
  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = undefined;
    if (!killed || killed.exitCode !== null || killed.signalCode !== null) return;
    const gone = new Promise((resolve) => killed.once('exit', resolve));
    killed.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10 });
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const done = (result: boolean) => (): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', done(true)).once('error', done(false));
  });

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

/** A Redis of the test's own that keeps nothing on disk, so that a restart finds it empty. */
export class TestRedis {
  readonly #dir = mkdtempSync(join(tmpdir(), 'boop-redis-'));
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.#port = port;
  }

  static async start(): Promise<TestRedis> {
    const redis = new TestRedis(await freePort());
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#process = spawn(program!, ['--port', String(this.#port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.#dir], { stdio: 'ignore' });
    while (!(await accepts(this.#port))) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Without warning, as when its machine dies. */
  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = undefined;
    if (!killed || killed.exitCode !== null) return;
    const gone = new Promise((resolve) => killed.once('exit', resolve));
    killed.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
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

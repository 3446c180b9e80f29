import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BridgeConfig } from '../config.ts';

/** The same program that the network runs; needs the build. */
const program = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist', 'main.js');

/** A bridge as an operator runs it, to be measured or killed. */
export class BridgeProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(config: BridgeConfig, dir: string): Promise<BridgeProcess> {
    const { host, port } = config.http;
    const file = join(dir, `bridge-${port}.yaml`);
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    const child = spawn(process.execPath, [program], { env: { ...process.env, NODE_OPTIONS: '', BOOP_CONFIG: file }, stdio: ['ignore', 'ignore', 'inherit'] });
    const ready = async (): Promise<boolean> => (await fetch(`http://${host}:${port}/readyz`).catch(() => undefined))?.status === 200;
    while (!(await ready())) {
      if (child.exitCode !== null) throw new Error(`the bridge ended with ${child.exitCode}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    return new BridgeProcess(`ws://${host}:${port}`, child);
  }

  /** Resident memory (Linux). */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid!}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024;
  }

  /** CPU time that the process has used (Linux, to 10 ms). */
  get cpuMs(): number {
    const fields = readFileSync(`/proc/${this.#child.pid!}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** SIGKILL: no drain, no farewell. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((done) => this.#child.once('exit', done));
    this.#child.kill(signal);
    await gone;
  }
}

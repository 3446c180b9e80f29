import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isPortFree, writeFileAtomic } from '@boop/platform';
import { type NodeStatus, parseManifest, type NetworkManifest } from '@boop/protocol';
import { projectRoot } from './captures.ts';
import { askLauncher, type ProcessStatus } from './launcher-control.ts';
import { isAlive, processesUsing } from './processes.ts';

export interface NetworkOptions {
  readonly portBase?: number;
  readonly nodes?: number;
  readonly threshold?: number;
  /** For the launcher; what it passes on to its processes is its own matter. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kept when given, otherwise a temporary folder that goes with the network. */
  readonly dataDir?: string;
}

export interface Credentials {
  readonly vendor: { readonly id: string; readonly apiKey: string };
  readonly terminal: { readonly id: string; readonly key: string; readonly deviceSecret: string };
  readonly admin: { readonly id: string; readonly key: string };
}

const launcherScript = join(projectRoot, 'apps/cli/dist/main.js');
/** What stands between a terminal and the launcher when somebody types `npm start`, without the look for stale builds. */
const wrapper = `
  import { exec } from '${pathToFileURL(join(projectRoot, 'scripts/lib/steps.mjs')).href}';
  process.on('disconnect', () => process.exit(1));
  process.exit(await exec('node', process.argv.slice(1)));
`;
const portsSpan = 100;
const startTimeoutMs = 240_000;
const stopTimeoutMs = 60_000;
const settleTimeoutMs = 120_000;
const answerTimeoutMs = 20_000;
const pollMs = 50;

/**
 * A development network of real processes, started as a person would: the built launcher behind a wrapper, in a process group of their
 * own as in a terminal. Nothing is left behind when it is disposed of or when the test process ends, however that happens: the wrapper
 * holds an IPC channel of ours.
 */
export class RunningNetwork {
  readonly dataDir: string;
  readonly portBase: number;
  readonly #options: NetworkOptions;
  #launcher: ChildProcess | undefined;
  #exit: Promise<number | string> = Promise.resolve(0);
  #output = '';
  /** Every process that was ever seen, so that none is left at the end. */
  readonly #pids = new Set<number>();

  constructor(dataDir: string, portBase: number, options: NetworkOptions) {
    this.dataDir = dataDir;
    this.portBase = portBase;
    this.#options = options;
  }

  get gatewayUrl(): string {
    return `http://127.0.0.1:${this.portBase + 1}`;
  }

  get bridgeUrl(): string {
    return `ws://127.0.0.1:${this.portBase + 3}`;
  }

  get ledgerUrl(): string {
    return `http://127.0.0.1:${this.portBase + 4}`;
  }

  get credentials(): Credentials {
    return JSON.parse(this.read('dev-credentials.json')) as Credentials;
  }

  get manifest(): NetworkManifest {
    return parseManifest(JSON.parse(this.read('network.json')));
  }

  /** Connection string of one database for the server's administrator. */
  adminUrl(database: string): string {
    const { boop_admin: password } = JSON.parse(this.read('postgres/passwords.json')) as Record<string, string>;
    return `postgres://boop_admin:${password}@127.0.0.1:${this.portBase + 5}/${database}`;
  }

  /** What the launcher printed. */
  get output(): string {
    return this.#output;
  }

  /** A text file of the data folder. */
  read(path: string): string {
    return readFileSync(join(this.dataDir, path), 'utf8');
  }

  /** Writes a file of the data folder, whole at once. */
  write(path: string, text: string): void {
    writeFileAtomic(join(this.dataDir, path), text);
  }

  /** Starts the launcher and waits until it shows its table of addresses. @returns milliseconds that it took */
  async start(): Promise<number> {
    const startedAt = performance.now();
    await this.#launch('Ctrl-C stops all');
    await this.settled().catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${this.#output}`, { cause: error });
    });
    return performance.now() - startedAt;
  }

  /** Has the launcher make keys, certificates, manifest and configurations, and ends it before anything serves. */
  async provision(): Promise<void> {
    await this.#launch('✓ keys, certificates and configuration');
    await this.stop();
  }

  /** Starts the launcher and waits until it prints something. */
  async #launch(shown: string): Promise<void> {
    const { nodes, threshold, env } = this.#options;
    const flags = Object.entries({ data: this.dataDir, 'port-base': this.portBase, nodes, threshold }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
    const child = spawn(process.execPath, ['--input-type=module', '--eval', wrapper, launcherScript, 'network', 'up', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    });
    this.#launcher = child;
    this.#output = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    this.#exit = new Promise((resolve) => child.once('close', (status, signal) => resolve(signal ?? status ?? 0)));
    const printed = until(() => this.#output.includes(shown), startTimeoutMs);
    const ended = this.#exit.then((status) => {
      throw new Error(`the launcher ended with ${status}`);
    });
    try {
      await Promise.race([printed, ended]);
      ended.catch(() => undefined);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.#output}`, { cause: error });
    }
  }

  async status(): Promise<readonly ProcessStatus[]> {
    return this.#seen(await askLauncher(this.dataDir, { command: 'status' }));
  }

  /** SIGKILL; resolves when the process is gone. */
  async killNode(party: number): Promise<void> {
    this.#seen(await askLauncher(this.dataDir, { command: 'node', action: 'kill', party }));
  }

  /** Starts a node's process without waiting for it. */
  async startNode(party: number): Promise<void> {
    this.#seen(await askLauncher(this.dataDir, { command: 'node', action: 'start', party }));
  }

  /** As the gateway tells everybody. */
  async nodes(): Promise<readonly NodeStatus[]> {
    return ((await getJson(`${this.gatewayUrl}/v1/network/nodes`)) as { nodes: NodeStatus[] }).nodes;
  }

  /** Waits until gateway and nodes agree that exactly these nodes are up; without an argument, all of them. */
  async settled(parties?: readonly number[]): Promise<void> {
    const expected = parties ?? this.manifest.members.map(({ party }) => party);
    await until(async () => {
      const nodes = await this.nodes().catch(() => []);
      const up = nodes.filter(({ live, ready }) => live && ready).map(({ party }) => party);
      if (up.join() !== expected.join() || nodes.filter(({ live }) => live).length !== expected.length) return false;
      const seen = await Promise.all(expected.map((party) => this.#liveNodesSeenBy(party)));
      return seen.every((live) => live === expected.length);
    }, settleTimeoutMs);
    if (this.#launcher) await this.status();
  }

  /** Ctrl-C, which a terminal sends to the whole group, and waits for the end. @returns exit status, or the signal that it took */
  async stop(): Promise<number | string> {
    if (!this.#launcher) return 0;
    await this.status().catch(() => undefined);
    const group = -this.#launcher.pid!;
    kill(group, 'SIGINT');
    const status = await Promise.race([this.#exit, sleep(stopTimeoutMs, 'still running', { ref: false })]);
    if (status === 'still running') kill(group, 'SIGKILL');
    await this.#exit;
    this.#launcher = undefined;
    return status;
  }

  async restart(): Promise<number> {
    await this.stop();
    return await this.start();
  }

  /** Process ids and ports that are still in use by what was started here. */
  async leftovers(): Promise<{ pids: number[]; ports: number[] }> {
    const pids = new Set([...this.#pids].filter(isAlive));
    for (const pid of processesUsing(this.dataDir)) if (pid !== process.pid) pids.add(pid);
    const ports = Array.from({ length: portsSpan }, (_, at) => this.portBase + at);
    const free = await Promise.all(ports.map((port) => isPortFree(port)));
    return { pids: [...pids], ports: ports.filter((_, at) => !free[at]) };
  }

  /** Stops everything, kills what did not stop, and deletes the data folder unless the caller gave it. */
  async dispose(): Promise<void> {
    await this.stop();
    for (const pid of (await this.leftovers()).pids) kill(pid, 'SIGKILL');
    if (this.#options.dataDir === undefined) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 10 });
  }

  #seen(status: readonly ProcessStatus[]): readonly ProcessStatus[] {
    for (const { pid } of status) if (pid !== undefined) this.#pids.add(pid);
    this.#pids.add(Number.parseInt(this.read('postgres/cluster/postmaster.pid'), 10));
    return status;
  }

  async #liveNodesSeenBy(party: number): Promise<number> {
    const { checks } = (await getJson(`http://127.0.0.1:${this.portBase + 30 + party}/readyz`).catch(() => ({ checks: { live: 0 } }))) as { checks: { live: number } };
    return checks.live;
  }
}

/** Starts a network with the launcher that is built, on ports that are free. */
export async function startNetwork(options: NetworkOptions = {}): Promise<RunningNetwork> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'boop-net-'));
  const network = new RunningNetwork(dataDir, options.portBase ?? (await freePortBase()), options);
  try {
    await network.start();
    return network;
  } catch (error) {
    await network.dispose();
    throw error;
  }
}

/** Polls a condition. @throws Error when it does not hold in time */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await condition()); await sleep(pollMs)) {
    if (Date.now() > deadline) throw new Error(`nothing happened within ${timeoutMs / 1000} s`);
  }
}

/** Where the ports begin that the system gives to outgoing connections, such as the network's own: such a port could be taken while a node is down. */
function outgoingPortsFrom(): number {
  const file = '/proc/sys/net/ipv4/ip_local_port_range';
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : 32_768;
}

/**
 * Below the range from which systems take ports for outgoing connections, which begins at 32,768 or, in some sandboxes, at 16,000.
 * @param given already promised to others, though nothing listens there yet
 */
export async function freePortBase(...given: readonly number[]): Promise<number> {
  const [first, count] = outgoingPortsFrom() >= 32_000 ? [20_000, 120] : [10_300, 50];
  for (;;) {
    const base = first + Math.floor(Math.random() * count) * portsSpan;
    const free = await Promise.all(Array.from({ length: portsSpan }, (_, at) => isPortFree(base + at)));
    if (!given.includes(base) && free.every(Boolean)) return base;
  }
}

/** What a process says of itself while it is ready. */
export async function checksAt(port: number): Promise<Record<string, unknown> | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(answerTimeoutMs) }).catch(() => undefined);
  return response?.status === 200 ? ((await response.json()) as { checks: Record<string, unknown> }).checks : undefined;
}

async function getJson(url: string): Promise<unknown> {
  return await (await fetch(url, { signal: AbortSignal.timeout(answerTimeoutMs) })).json();
}

function kill(pid: number, signal: 'SIGINT' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone meanwhile.
  }
}

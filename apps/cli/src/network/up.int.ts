import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { isPortFree } from '@boop/platform';
import { parseManifest } from '@boop/protocol';
import { askControl, type ProcessStatus } from './control.ts';
import { readDevCredentials } from './credentials.ts';
import { layoutOf } from './layout.ts';
import { type RequestedParameters } from './parameters.ts';
import { portPlan } from './ports.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-up-'));
const data = join(root, 'data');
const layout = layoutOf(data);
const script = fileURLToPath(new URL('./testing/run-up.ts', import.meta.url));
const launched: Launcher[] = [];
const portBase = await freePortBase();
/** What a machine that stands still for a while needs more. */
const patienceMs = 200_000;

afterEach(async () => {
  for (const { child, exit } of launched.splice(0)) {
    child.kill('SIGTERM');
    await exit;
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

interface Launcher {
  readonly child: ChildProcess;
  readonly exit: Promise<number | string | null>;
  output(): string;
  shows(text: string): Promise<void>;
}

function launch(requested: RequestedParameters = {}, options: { fresh?: boolean; dir?: string; releaseTimeoutMs?: number; env?: Record<string, string> } = {}): Launcher {
  const request = JSON.stringify({ data: options.dir ?? data, requested: { portBase, ...requested }, fresh: options.fresh ?? false, releaseTimeoutMs: options.releaseTimeoutMs ?? patienceMs });
  const child = spawn(process.execPath, ['--conditions=@boop/source', '--disable-warning=ExperimentalWarning', script, request], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = new Promise<number | string | null>((resolve) => child.once('close', (status, signal) => resolve(status ?? signal)));
  const launcher: Launcher = {
    child,
    exit,
    output: () => text,
    shows: (wanted) => until(() => text.includes(wanted), () => `waiting for "${wanted}", got:\n${text}`),
  };
  launched.push(launcher);
  return launcher;
}

async function until(condition: () => boolean | Promise<boolean>, describeFailure: () => string = () => 'not in time', timeoutMs = patienceMs): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error(describeFailure());
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Below the ports that systems give to outgoing connections, above those of `freePort`. */
async function freePortBase(): Promise<number> {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 120) * 100;
    const free = await Promise.all(Array.from({ length: 70 }, (_, at) => isPortFree(base + at)));
    if (free.every(Boolean)) return base;
  }
}

const status = (): Promise<readonly ProcessStatus[]> => askControl(layout.socket, { command: 'status' });
const usedPorts = (nodes: number): number[] => {
  const plan = portPlan({ nodes, threshold: 1, portBase });
  return [plan.gateway, plan.bridge, plan.ledger, plan.postgres, ...plan.nodes.map(({ health }) => health)];
};
const allFree = async (nodes: number): Promise<boolean> => (await Promise.all(usedPorts(nodes).map((port) => isPortFree(port)))).every(Boolean);
/** A process that has ended but that its new parent hasn't waited for yet is in state Z. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('boop network up', () => {
  test('starts all processes, shows addresses that answer, and leaves nothing behind', async () => {
    const { child, exit, output, shows } = launch({ nodes: 3 });
    await shows('Ctrl-C stops all');
    const processes = await status();
    expect(processes.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3', 'ledger', 'gateway', 'bridge']);
    for (const { healthUrl } of processes) {
      expect(output()).toContain(`${healthUrl}/readyz`);
      expect((await fetch(`${healthUrl}/readyz`)).status).toBe(200);
    }
    const manifest = parseManifest(JSON.parse(readFileSync(layout.manifest, 'utf8')));
    expect([manifest.members.length, manifest.threshold]).toEqual([3, 1]);
    expect(new Set(manifest.members.flatMap(({ identityKey, hpkeKey }) => [identityKey, hpkeKey])).size).toBe(6);
    const { vendor, terminal, admin } = readDevCredentials(layout);
    for (const key of [vendor.apiKey, terminal.key, admin.key]) {
      expect(output()).toContain(key);
      expect(readFileSync(join(data, 'gateway', 'seed.json'), 'utf8')).not.toContain(key);
    }
    expect(statSync(layout.credentials).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, 'nodes', '1', 'keys')).mode & 0o777).toBe(0o700);

    child.kill('SIGINT');
    expect(await exit).toBe(0);
    expect(processes.map(({ pid }) => alive(pid!))).not.toContain(true);
    expect(await allFree(3)).toBe(true);
    expect(existsSync(layout.socket)).toBe(false);
  }, 240_000);

  test('starts again as the same network, and refuses to become another', async () => {
    const before = readFileSync(layout.manifest, 'utf8');
    const credentials = readFileSync(layout.credentials, 'utf8');
    const again = launch();
    await again.shows('Ctrl-C stops all');
    expect(readFileSync(layout.manifest, 'utf8')).toBe(before);
    expect(readFileSync(layout.credentials, 'utf8')).toBe(credentials);

    const second = launch();
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain('network.already-running');
    await askControl(layout.socket, { command: 'stop' });
    expect(await again.exit).toBe(0);

    const other = launch({ nodes: 5 });
    expect(await other.exit).toBe(1);
    expect(other.output()).toMatch(/network\.other-parameters.*3 nodes with threshold 1.*--fresh/);
  }, 240_000);

  test('keeps a killed node down until it is started, and the others up', async () => {
    await launch().shows('Ctrl-C stops all');
    const pid = (await status())[1]!.pid!;
    const after = await askControl(layout.socket, { command: 'node', action: 'kill', party: 2 });
    expect(after.filter(({ running }) => !running).map(({ name }) => name)).toEqual(['node-2']);
    expect(alive(pid)).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await status())[1]).toMatchObject({ running: false, ready: false });
    await askControl(layout.socket, { command: 'node', action: 'start', party: 2 });
    await until(async () => (await status())[1]!.ready);
    expect((await askControl(layout.socket, { command: 'node', action: 'stop', party: 2 }))[1]!.running).toBe(false);
    await expect(askControl(layout.socket, { command: 'node', action: 'kill', party: 9 })).rejects.toMatchObject({ code: 'network.unknown-node' });
  }, 240_000);

  test('tells when a process dies by itself', async () => {
    const { shows } = launch();
    await shows('Ctrl-C stops all');
    process.kill((await status())[0]!.pid!, 'SIGKILL');
    await shows('node-1 ended by SIGKILL');
  }, 240_000);

  test('takes everything with it when it is killed, and starts again', async () => {
    const { child, exit, shows } = launch();
    await shows('Ctrl-C stops all');
    const pids = (await status()).map(({ pid }) => pid!);
    child.kill('SIGKILL');
    expect(await exit).toBe('SIGKILL');
    const next = launch();
    await next.shows('Ctrl-C stops all');
    // Its ports were free for the next network; the orphans' last steps may take a moment more.
    await until(() => !pids.some(alive), () => `still running: ${pids.filter(alive).join()}`);
  }, 240_000);

  test('stops halfway through a start', async () => {
    const { child, exit, shows } = launch();
    await shows('✓ PostgreSQL');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(await allFree(3)).toBe(true);
  }, 240_000);

  test('ends with 1 and the last log lines when a process fails during the start', async () => {
    const { exit, output } = launch({}, { env: { FAKE_CRASH: '3' } });
    expect(await exit).toBe(1);
    expect(output()).toMatch(/node-3 ended during its start\nlast lines of .*node-3\.log:/);
    expect(output()).toContain('RangeError');
    expect(await allFree(3)).toBe(true);
  }, 240_000);

  test('names a port that another program holds', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(portBase + 33, '127.0.0.1', resolve));
    const { exit, output } = launch({}, { releaseTimeoutMs: 1_000 });
    expect(await exit).toBe(1);
    expect(output()).toMatch(new RegExp(`port ${portBase + 33} \\(node 3 health\\) is taken`));
    await new Promise((resolve) => squatter.close(resolve));
  }, 240_000);

  test('with --fresh becomes another network, and touches no folder that is not its own', async () => {
    const before = readDevCredentials(layout);
    const fresh = launch({ nodes: 4 }, { fresh: true });
    await fresh.shows('Ctrl-C stops all');
    expect(readDevCredentials(layout)).not.toEqual(before);
    expect(await status()).toHaveLength(7);

    const foreign = join(root, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'thesis.txt'), 'mine');
    for (const wipe of [true, false]) {
      const refused = launch({}, { fresh: wipe, dir: foreign });
      expect(await refused.exit).toBe(1);
      expect(refused.output()).toContain('network.foreign-data');
    }
    expect(readFileSync(join(foreign, 'thesis.txt'), 'utf8')).toBe('mine');
  }, 240_000);

  test('says so when nothing runs in a folder', async () => {
    await expect(askControl(layoutOf(join(root, 'nothing')).socket, { command: 'status' })).rejects.toMatchObject({ code: 'network.not-running' });
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BoopError } from '@boop/shared';
import { type Program } from './programs.ts';
import { type ProcessPlan } from './provision.ts';

const TERMINATE_TIMEOUT_MS = 5_000;
const LOG_BYTES_MAX = 20 * 1024 * 1024;
const POLL_MS = 60;

/**
 * One process of the network. It runs in a session of its own, so Ctrl-C reaches it only through us, and holds an IPC channel, so it
 * sees our end whatever that is.
 */
export class ManagedProcess {
  readonly plan: ProcessPlan;
  readonly logFile: string;
  readonly #program: Program;
  readonly #onExit: (description: string) => void;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #expected = true;

  /** @param onExit called when the process ends without having been asked to */
  constructor(plan: ProcessPlan, program: Program, logFile: string, onExit: (description: string) => void) {
    this.plan = plan;
    this.#program = program;
    this.logFile = logFile;
    this.#onExit = onExit;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Does nothing when it runs. */
  start(): void {
    if (this.#child) return;
    const log = this.#openLog();
    const { script, nodeOptions = [] } = this.#program;
    const child = spawn(process.execPath, [...nodeOptions, script], { env: this.#environment(), stdio: ['ignore', log, log, 'ipc'], detached: true });
    closeSync(log);
    this.#child = child;
    this.#expected = false;
    this.#exited = new Promise((resolve) => {
      const end = (description: string): void => {
        if (this.#child !== child) return;
        this.#child = undefined;
        if (!this.#expected) this.#onExit(description);
        resolve();
      };
      child.once('error', () => end('could not be started'));
      child.once('exit', (status, signal) => end(signal ? `ended by ${signal}` : `exited with status ${status}`));
    });
  }

  /** SIGTERM, and SIGKILL after five seconds. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#expected = true;
    child.kill('SIGTERM');
    const ended = await Promise.race([this.#exited.then(() => true), sleep(TERMINATE_TIMEOUT_MS, false, { ref: false })]);
    if (!ended) await this.kill();
  }

  /** SIGKILL, as when a machine loses power. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** Resolves when `/readyz` answers 200. @throws BoopError `network.process-ended`, `network.not-ready`, with the last log lines */
  async waitReady(timeoutMs: number): Promise<void> {
    for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(POLL_MS)) {
      if (!this.#child) throw new BoopError('network.process-ended', `${this.plan.name} ended during its start\n${this.lastLines()}`);
      if (await this.ready()) return;
    }
    throw new BoopError('network.not-ready', `${this.plan.name} was not ready after ${timeoutMs / 1000} s\n${this.lastLines()}`);
  }

  async ready(): Promise<boolean> {
    if (!this.#child) return false;
    try {
      const response = await fetch(`${this.plan.healthUrl}/readyz`, { signal: AbortSignal.timeout(2_000) });
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      return false;
    }
  }

  lastLines(count = 15): string {
    const lines = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-count);
    return [`last lines of ${this.logFile}:`, ...lines.map((line) => `  ${line}`)].join('\n');
  }

  #openLog(): number {
    mkdirSync(dirname(this.logFile), { recursive: true });
    if ((statSync(this.logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(this.logFile, `${this.logFile}.1`);
    return openSync(this.logFile, 'a', 0o600);
  }

  /** Our own overrides and Node options are not meant for the network's processes. */
  #environment(): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('BOOP_') && name !== 'NODE_OPTIONS');
    // Five nodes are one service: a trace tells them apart by this.
    const resource = [process.env['OTEL_RESOURCE_ATTRIBUTES'], `service.instance.id=${this.plan.name}`].filter(Boolean).join();
    return { ...Object.fromEntries(inherited), BOOP_CONFIG: this.plan.configFile, OTEL_RESOURCE_ATTRIBUTES: resource };
  }
}

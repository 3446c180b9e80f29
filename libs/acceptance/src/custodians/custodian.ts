import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseManifest, type NetworkManifest } from '@boop/protocol';
import { projectRoot } from '../captures.ts';
import { checksAt, until } from '../network-harness.ts';

const cli = join(projectRoot, 'apps/cli/dist/main.js');
/** What a careless administrator has: files are readable to all unless their program says otherwise. */
const carelessUmask = '022';
const shownTimeoutMs = 240_000;
const stopTimeoutMs = 30_000;
/** Within the hundred ports of a test. */
const databasePortOffset = 80;
/** Of a node's health checks from its link on, as `boop node init` has it unless told otherwise. */
const healthPortOffset = 20;

/** `boop …` as somebody types it: with a terminal to answer in, and an environment of the own. */
export class Command {
  readonly #child: ChildProcess;
  readonly ended: Promise<number>;
  output = '';
  over = false;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, script = cli) {
    this.#child = spawn('sh', ['-c', `umask ${carelessUmask}; exec "$0" "$@"`, process.execPath, script, ...args], { env: { ...process.env, NODE_OPTIONS: '', ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = new Promise((resolve) =>
      this.#child.once('close', (status) => {
        this.over = true;
        resolve(status ?? 1);
      }),
    );
  }

  /** Waits until it prints something. @returns the first group of the pattern */
  async shows(pattern: RegExp): Promise<string> {
    await until(() => this.over || pattern.test(this.output), shownTimeoutMs);
    const found = pattern.exec(this.output);
    if (!found) throw new Error(`it ended without having shown ${pattern.source}:\n${this.output}`);
    return found[1] ?? '';
  }

  type(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  async stop(): Promise<number> {
    this.#child.kill('SIGTERM');
    const status = await Promise.race([this.ended, sleep(stopTimeoutMs, undefined, { ref: false })]);
    if (status === undefined) this.#child.kill('SIGKILL');
    return status ?? 1;
  }
}

/** Runs a command to its end. @throws Error with what it printed, unless it succeeds */
export async function boop(args: readonly string[], env: Readonly<Record<string, string>> = {}, script = cli): Promise<string> {
  const command = new Command(args, env, script);
  if ((await command.ended) !== 0) throw new Error(command.output);
  return command.output;
}

export interface CustodianOptions {
  readonly name: string;
  readonly jurisdiction: string;
  readonly port: number;
  /** `--custody …` */
  readonly custody?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `boop` of a release; that of the checkout otherwise. */
  readonly script?: string;
  /** Of a PostgreSQL database that the custodian has; the node brings a server of its own otherwise. */
  readonly databaseUrlFile?: string;
}

/** One custodian with a node in a folder, who shares nothing with the others but addresses. */
export class Custodian {
  readonly dir: string;
  readonly options: CustodianOptions;
  #running: Command | undefined;

  constructor(dir: string, options: CustodianOptions) {
    this.dir = dir;
    this.options = options;
  }

  get address(): string {
    return `127.0.0.1:${this.options.port}`;
  }

  get manifest(): NetworkManifest {
    return parseManifest(JSON.parse(readFileSync(join(this.dir, 'network.json'), 'utf8')));
  }

  async node(action: string, ...args: string[]): Promise<string> {
    return await boop(['node', ...action.split(' '), this.dir, ...args], this.options.env, this.options.script);
  }

  async init(): Promise<void> {
    const { name, jurisdiction, port, custody = [] } = this.options;
    await this.node('init', '--name', name, '--jurisdiction', jurisdiction, '--address', this.address, '--database-port', String(port + databasePortOffset), ...custody);
  }

  /** Begins to join, and waits for the fingerprint. */
  async meet(peers: readonly string[]): Promise<{ fingerprint: string; confirm: (fingerprint: string) => Promise<void> }> {
    const command = new Command(['node', 'join', this.dir, '--peers', peers.join()], this.options.env, this.options.script);
    const fingerprint = await command.shows(/^fingerprint (\S+)$/m);
    const confirm = async (agreed: string): Promise<void> => {
      command.type(agreed);
      if ((await command.ended) !== 0) throw new Error(command.output);
    };
    return { fingerprint, confirm };
  }

  /** `boop network …` at this custodian's node. */
  async decides(...args: string[]): Promise<string> {
    return await boop(['network', ...args, '--node', this.dir], this.options.env, this.options.script);
  }

  async run(): Promise<void> {
    const { databaseUrlFile, env, script } = this.options;
    this.#running = new Command(['node', 'run', this.dir, ...(databaseUrlFile === undefined ? [] : ['--database-url-file', databaseUrlFile])], env, script);
    await this.#running.shows(/runs at/);
  }

  /** What the node says of itself while it is ready. */
  async checks(): Promise<Record<string, unknown> | undefined> {
    return await checksAt(this.options.port + healthPortOffset);
  }

  /** What the node's command printed, once it has ended by itself. */
  get failure(): string | undefined {
    return this.#running?.over === true ? this.#running.output : undefined;
  }

  /** @returns exit status */
  async stop(): Promise<number> {
    const status = (await this.#running?.stop()) ?? 0;
    this.#running = undefined;
    return status;
  }
}

import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from './captures.ts';
import { type RunningNetwork } from './network-harness.ts';
import { query } from './stock-clients.ts';

const run = promisify(execFile);
const launcherScript = join(projectRoot, 'apps/cli/dist/main.js');

/** What custodians do with the backups of their nodes, by `boop node`. */
export class NodeBackups {
  readonly #network: RunningNetwork;

  constructor(network: RunningNetwork) {
    this.#network = network;
  }

  folder(party: number): string {
    return join(this.#network.dataDir, 'nodes', String(party));
  }

  /** @returns the file */
  async backUp(party: number): Promise<string> {
    const printed = await this.boop('backup', this.folder(party), '--to', join(this.#network.dataDir, 'backups', String(party)));
    return /^backup \d+: (.+)$/m.exec(printed)![1]!;
  }

  /** The node's machine burns: database and folder are gone, and a new machine has the configuration, but neither keys nor rows. */
  async lose(party: number): Promise<void> {
    await this.#network.killNode(party);
    await query(this.#network.adminUrl(`node_${party}`), `DROP OWNED BY node_${party}`);
    await query(this.#network.adminUrl(`node_${party}`), `GRANT ALL ON SCHEMA public TO node_${party}`);
    rmSync(join(this.folder(party), 'keys'), { recursive: true });
  }

  /** As a custodian keeps it: apart from the machine. */
  copyKeys(party: number): void {
    cpSync(join(this.folder(party), 'keys'), this.#keptKeys(party), { recursive: true });
  }

  bringKeys(party: number): void {
    mkdirSync(join(this.folder(party), 'keys'), { mode: 0o700 });
    cpSync(this.#keptKeys(party), join(this.folder(party), 'keys'), { recursive: true });
  }

  async restore(party: number, file: string, ...more: string[]): Promise<string> {
    return await this.boop('restore', this.folder(party), '--from', file, ...more);
  }

  /** `boop node …`. @throws Error with what it wrote when it fails */
  async boop(...args: string[]): Promise<string> {
    return (await run(process.execPath, [launcherScript, 'node', ...args], { env: { ...process.env, NODE_OPTIONS: '' } })).stdout;
  }

  #keptKeys(party: number): string {
    return join(this.#network.dataDir, 'kept-keys', String(party));
  }
}

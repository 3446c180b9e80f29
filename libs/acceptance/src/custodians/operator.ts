import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type NetworkManifest, parseManifest } from '@boop/protocol';
import { type Credentials } from '../network-harness.ts';
import { boop, Command, type Custodian } from './custodian.ts';

/** Who runs gateway, bridge, ledger and attributes service beside custodians' nodes. */
export class Operator {
  readonly dir: string;
  readonly portBase: number;
  #running: Command | undefined;

  constructor(dir: string, portBase: number) {
    this.dir = dir;
    this.portBase = portBase;
  }

  get gatewayUrl(): string {
    return `http://127.0.0.1:${this.portBase + 1}`;
  }

  get bridgeUrl(): string {
    return `ws://127.0.0.1:${this.portBase + 3}`;
  }

  get credentials(): Credentials {
    return JSON.parse(readFileSync(join(this.dir, 'dev-credentials.json'), 'utf8')) as Credentials;
  }

  get manifest(): NetworkManifest {
    return parseManifest(JSON.parse(readFileSync(join(this.dir, 'network.json'), 'utf8')));
  }

  /** @returns the services' fingerprint */
  async init(from: Custodian, fingerprint: string): Promise<string> {
    const printed = await boop(['services', 'init', this.dir, '--manifest', join(from.dir, 'network.json'), '--fingerprint', fingerprint, '--port-base', String(this.portBase)]);
    return /^fingerprint (\S+)$/m.exec(printed)![1]!;
  }

  /** Starts them without waiting for the nodes. */
  async run(): Promise<void> {
    this.#running = new Command(['services', 'run', this.dir]);
    await this.#running.shows(/waiting until custodians have accepted/);
  }

  async ready(): Promise<void> {
    await this.#running!.shows(/all are ready/);
  }

  /** Names of the nodes that the gateway reaches. */
  async liveNodes(): Promise<string[]> {
    const { nodes } = (await (await fetch(`${this.gatewayUrl}/v1/network/nodes`)).json()) as { nodes: { name: string; live: boolean }[] };
    return nodes.flatMap(({ name, live }) => (live ? [name] : []));
  }

  async stop(): Promise<number> {
    const status = (await this.#running?.stop()) ?? 0;
    this.#running = undefined;
    return status;
  }
}

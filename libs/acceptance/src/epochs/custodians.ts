import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { networkManifestSchema, type NetworkManifest } from '@boop/protocol';
import { projectRoot } from '../captures.ts';
import { type RunningNetwork, until } from '../network-harness.ts';
import { type SpareNode } from './spare-node.ts';

const run = promisify(execFile);
const launcherScript = join(projectRoot, 'apps/cli/dist/main.js');
const reachTimeoutMs = 240_000;

interface Readiness {
  readonly status: string;
  readonly checks: { readonly epoch: number; readonly live: number };
}

/** The custodians of a development network, who decide by `boop network propose|approve|show`, each at the own node. */
export class Custodians {
  readonly #network: RunningNetwork;
  readonly #spares = new Map<number, SpareNode>();

  constructor(network: RunningNetwork) {
    this.#network = network;
  }

  /** From now on this is the node of its party. */
  seat(spare: SpareNode): void {
    this.#spares.set(spare.member.party, spare);
  }

  /** The manifest in force, as a node shows it. */
  async inForce(party = 1): Promise<NetworkManifest> {
    return networkManifestSchema.parse(JSON.parse(await this.boop('show', '--node', this.#dirOf(party))));
  }

  /** Proposed by the first of these custodians and approved by the others. @returns what the last of them sees */
  async decide(next: NetworkManifest, parties: readonly number[]): Promise<string> {
    const folder = join(this.#network.dataDir, 'proposals');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${next.epoch}.json`);
    writeFileSync(file, JSON.stringify(next));
    return await this.#approve(await this.boop('propose', file, '--node', this.#dirOf(parties[0]!)), parties.slice(1));
  }

  /** As {@link decide}, of the manifest in force with `path=value` set. */
  async decideSet(changes: readonly string[], parties: readonly number[]): Promise<string> {
    const set = changes.flatMap((change) => ['--set', change]);
    return await this.#approve(await this.boop('propose', '--node', this.#dirOf(parties[0]!), ...set), parties.slice(1));
  }

  async #approve(printed: string, parties: readonly number[]): Promise<string> {
    const digest = printed.trim();
    let seen = '';
    for (const party of parties) {
      await until(async () => (await this.boop('proposals', '--node', this.#dirOf(party))).includes(digest), reachTimeoutMs);
      seen = await this.boop('approve', digest, '--node', this.#dirOf(party));
    }
    return seen;
  }

  /** Until all members of an epoch serve it and see one another, and gateway and ledger have followed. */
  async reached({ epoch, members }: NetworkManifest): Promise<void> {
    const waiting = async (): Promise<string[]> => {
      const nodes = await Promise.all(members.map(async ({ party }) => ((await this.#serves(party, epoch, members.length)) ? [] : [`node ${party}`])));
      const { epoch: told } = (await json(`${this.#network.gatewayUrl}/v1/network`)) as { epoch?: number };
      return [...nodes.flat(), ...(told === epoch ? [] : ['gateway'])];
    };
    await until(async () => (await waiting()).length === 0, reachTimeoutMs).catch(async (error: unknown) => {
      throw new Error(`epoch ${epoch} is not reached by ${(await waiting()).join()}`, { cause: error });
    });
  }

  /** `boop network …`. @throws Error with what it wrote when it fails */
  async boop(...args: string[]): Promise<string> {
    return (await run(process.execPath, [launcherScript, 'network', ...args], { env: { ...process.env, NODE_OPTIONS: '' } })).stdout;
  }

  async #serves(party: number, epoch: number, nodes: number): Promise<boolean> {
    const healthUrl = this.#spares.get(party)?.healthUrl ?? `http://127.0.0.1:${this.#network.portBase + 30 + party}`;
    const { status, checks } = (await json(`${healthUrl}/readyz`)) as Partial<Readiness>;
    return status === 'ready' && checks?.epoch === epoch && checks.live >= nodes;
  }

  #dirOf(party: number): string {
    return this.#spares.get(party)?.dir ?? join(this.#network.dataDir, 'nodes', String(party));
  }
}

/** An empty object while nobody answers. */
async function json(url: string): Promise<unknown> {
  try {
    return await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).json();
  } catch {
    return {};
  }
}

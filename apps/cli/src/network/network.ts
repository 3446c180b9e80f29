import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedPostgres, silentLogger, startEmbeddedPostgres } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { openDataDirectory, type NetworkState } from './data-directory.ts';
import { type Layout, nodeName } from './layout.ts';
import { ManagedProcess } from './managed-process.ts';
import { type RequestedParameters } from './parameters.ts';
import { assertPortsFree, portPlan } from './ports.ts';
import { type Programs } from './programs.ts';
import { databasesOf, type ProcessPlan, provision, type ProvisionedNetwork } from './provision.ts';

const READY_TIMEOUT_MS = 120_000;

/** Callers before those whom they call, so that nobody spends its last seconds waiting for the dead. */
const STOP_ORDER: readonly (readonly ProcessPlan['role'][])[] = [['console', 'bridge'], ['gateway'], ['ledger', 'attributes'], ['node']];

/** Shows what is being done; `work` rejects where the step fails. */
export type ShowStep = (title: string, work: () => Promise<void>) => Promise<void>;

/** A development network on this machine: one PostgreSQL server and one process for each node and service. */
export class DevelopmentNetwork {
  readonly layout: Layout;
  readonly state: NetworkState;
  readonly #programs: Programs;
  readonly #onEvent: (message: string) => void;
  readonly #releaseTimeoutMs: number | undefined;
  readonly #processes = new Map<string, ManagedProcess>();
  #postgres: Promise<EmbeddedPostgres> | undefined;
  #provisioned: ProvisionedNetwork | undefined;
  #stopping = false;

  /** @throws BoopError `network.foreign-data`, `network.other-parameters`, `network.unsupported` */
  constructor(options: { layout: Layout; requested: RequestedParameters; programs: Programs; onEvent: (message: string) => void; releaseTimeoutMs?: number }) {
    this.layout = options.layout;
    this.#programs = options.programs;
    this.#onEvent = options.onEvent;
    this.#releaseTimeoutMs = options.releaseTimeoutMs;
    this.state = openDataDirectory(options.layout.dir, options.requested);
  }

  get processes(): readonly ManagedProcess[] {
    return [...this.#processes.values()];
  }

  /** What was provisioned; only after `start`. */
  get provisioned(): ProvisionedNetwork {
    if (!this.#provisioned) throw new BoopError('network.not-started', 'the network is not started', { kind: 'fatal' });
    return this.#provisioned;
  }

  /** Starts everything and waits until all of it can serve. The caller stops what was started when this rejects. */
  async start(show: ShowStep): Promise<void> {
    const ports = portPlan(this.state);
    await assertPortsFree(ports, this.#releaseTimeoutMs);
    for (const [role, { script }] of Object.entries(this.#programs)) {
      if (!existsSync(script)) throw new BoopError('network.not-built', `the program of the ${role} is not built (${script}): run npm run build`);
    }
    let databaseUrls: Readonly<Record<string, string>> = {};
    await show('PostgreSQL', async () => {
      mkdirSync(this.layout.postgres, { recursive: true, mode: 0o711 });
      this.#postgres = startEmbeddedPostgres({ dir: this.layout.postgres, port: ports.postgres, databases: databasesOf(this.state), log: silentLogger });
      const postgres = await this.#postgres;
      databaseUrls = postgres.urls;
      void postgres.ended.then(() => this.#stopping || this.#onEvent('PostgreSQL has ended: stop the network and start it again'));
    });
    await show('keys, certificates and configuration', async () => {
      this.#provisioned = await provision(this.layout, this.state, ports, databaseUrls);
    });
    for (const plan of this.provisioned.processes) {
      const program = this.#programs[plan.role];
      if (!program) continue;
      const onExit = (description: string): void => this.#onEvent(`${plan.name} ${description}`);
      this.#processes.set(plan.name, new ManagedProcess(plan, program, join(this.layout.logs, `${plan.name}.log`), onExit));
    }
    if (this.#stopping) return;
    for (const process of this.processes) process.start();
    await Promise.all(this.processes.map((process) => show(process.plan.name, () => process.waitReady(READY_TIMEOUT_MS))));
  }

  /** @throws BoopError `network.unknown-node` */
  node(party: number): ManagedProcess {
    const process = this.#processes.get(nodeName(party));
    if (!process) throw new BoopError('network.unknown-node', `there is no node ${party} in this network`);
    return process;
  }

  /** Stops services and nodes, and PostgreSQL once nobody uses it. Also halfway through a start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const postgres = await this.#postgres?.catch(() => undefined);
    for (const roles of STOP_ORDER) {
      const phase = this.processes.filter(({ plan }) => roles.includes(plan.role));
      await Promise.all(phase.map((process) => process.stop()));
    }
    await postgres?.stop();
  }

  async kill(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.processes.map((process) => process.kill()));
  }
}

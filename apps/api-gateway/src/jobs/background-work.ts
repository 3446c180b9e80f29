import { type JobBackend, type Logger, openWakeUp, pollingWakeUp, readSecretFile, type WakeUp } from '@boop/platform';
import { type GatewayConfig } from '../config.ts';

const lookMs = 1_000;

/**
 * What looks at tables when told, and every second anyway. The replicas wake each other through one queue, in Redis or, without it, in
 * PostgreSQL; what there is to do stands in the tables alone.
 */
export class BackgroundWork {
  readonly #config: Pick<GatewayConfig, 'redisUrlFile' | 'databaseUrlFile'>;
  readonly #log: Logger;
  readonly #works: (() => Promise<void>)[] = [];
  /** Each work looks for itself, so that one that waits for the ledger holds up no other. */
  #looks: readonly WakeUp[] = [];
  #wakeUp: WakeUp | undefined;

  constructor(config: Pick<GatewayConfig, 'redisUrlFile' | 'databaseUrlFile'>, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  /** Adds a look at some table; called before {@link start}. */
  add(work: () => Promise<void>): void {
    this.#works.push(work);
  }

  readonly wake = (delayMs?: number): void => this.#wakeUp?.wake(delayMs);

  async start(): Promise<void> {
    const { redisUrlFile, databaseUrlFile } = this.#config;
    const backend: JobBackend = redisUrlFile ? { redisUrl: readSecretFile(redisUrlFile) } : { databaseUrl: readSecretFile(databaseUrlFile) };
    this.#looks = this.#works.map((work) => pollingWakeUp({ work, log: this.#log, intervalMs: lookMs }));
    const lookAll = async (): Promise<void> => this.#looks.forEach((look) => look.wake());
    this.#wakeUp = await openWakeUp('boop-gateway', backend, { work: lookAll, log: this.#log, intervalMs: lookMs });
    this.wake();
  }

  async stop(): Promise<void> {
    await this.#wakeUp?.close();
    await Promise.all(this.#looks.map((look) => look.close()));
  }
}

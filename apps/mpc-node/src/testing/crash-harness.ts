import { isBoopError } from '@boop/shared';
import { type ProcessNetwork } from './process-network.ts';

const all = [1, 2, 3, 4, 5];
const endTimeoutMs = 120_000;
/** A machine that is busy with all else. */
const readyTimeoutMs = 400_000;
/** A registration that nobody leads any more waits for a minute. */
const settleTimeoutMs = 180_000;

/** Five nodes of which some die at a durable write, and are started again. */
export class CrashHarness {
  readonly network: ProcessNetwork;
  /** Of all galleries, erased ones too. */
  rows = 0;
  /** Nodes that are to die, or have died. */
  readonly #dying = new Set<number>();

  constructor(network: ProcessNetwork) {
    this.network = network;
  }

  /** @returns `undefined` when there was no answer, or a refusal */
  async answerOf<T>(asked: Promise<T>): Promise<T | undefined> {
    return await asked.catch((error: unknown) => {
      if (!isBoopError(error)) throw error;
      return undefined;
    });
  }

  /** Waits until all are up, with all rows. */
  async together(): Promise<void> {
    await this.network.waitReady(all, readyTimeoutMs);
    for (const id of all) await this.network.waitStatus(id, ({ ready, live, galleryRows }) => ready && live.length === all.length && galleryRows === this.rows, settleTimeoutMs);
  }

  /** @param fault as of `crashing-main.ts` */
  async arm(id: number, fault: string): Promise<void> {
    this.#dying.add(id);
    await this.network.kill(id);
    await this.network.start(id, fault);
  }

  /** Waits until they have died, and starts them again. */
  async revive(): Promise<void> {
    for (const id of this.#dying) await this.network.ended(id, endTimeoutMs);
    for (const id of this.#dying) await this.network.start(id);
    await this.network.waitReady([...this.#dying], readyTimeoutMs);
    this.#dying.clear();
  }

  /** One that has not died would do so in the next test. */
  async disarm(): Promise<void> {
    for (const id of this.#dying) await this.network.kill(id);
    await this.revive();
  }

  /** Polls until all nodes answer alike, and none of them waits for anything. */
  async agreed<T>(ask: (id: number) => Promise<T>, isEnd: (answer: T) => boolean = () => true): Promise<T> {
    for (const deadline = Date.now() + settleTimeoutMs; ; await new Promise((resolve) => setTimeout(resolve, 250))) {
      const answers = await Promise.all(all.map(async (id) => await ask(id).catch(() => undefined)));
      const [first] = answers;
      if (first !== undefined && isEnd(first) && answers.every((answer) => answer === first)) return first;
      if (Date.now() > deadline) throw new Error(`nodes say ${answers.join()}\n${this.network.output.slice(-4000)}`);
    }
  }

  /** `E/R`: how many registrations are erased at a node, and how many rows of shares it has. */
  async erasedOn(id: number): Promise<string> {
    const [counts] = await this.network.query(id, 'SELECT (SELECT count(*) FROM registrations WHERE erasure IS NOT NULL)::int AS erased, (SELECT count(*) FROM gallery_rows)::int AS rows');
    return `${String(counts!['erased'])}/${String(counts!['rows'])}`;
  }
}

import { PROBES_MAX } from '@boop/kernels';
import { BoopError, freeMemory } from '@boop/shared';
import { type Shard } from './shard.ts';

interface Waiting {
  readonly probe: Int16Array;
  readonly fromRow: number;
  readonly toRow: number;
  resolve(products: Uint16Array): void;
  reject(error: unknown): void;
}

/**
 * Products of probes and rows, computed by all shards, each for its part of the rows. One pass over the gallery at a time; probes that wait
 * for the same rows meanwhile share the next one.
 */
export class ProductQueue {
  readonly #shards: readonly Shard[];
  readonly #shifts: number;
  readonly #waitingMax: number;
  #waiting: Waiting[] = [];
  #working = false;
  /** Passes so far, and probes that they served. */
  readonly counts = { passes: 0, probes: 0 };

  constructor(shards: readonly Shard[], shifts: number, waitingMax: number) {
    this.#shards = shards;
    this.#shifts = shifts;
    this.#waitingMax = waitingMax;
  }

  /**
   * @param probe share, copied
   * @returns products[shift·rows + row]
   * @throws BoopError `service.overloaded` at once when too many wait
   */
  async products(probe: Int16Array, fromRow: number, toRow: number): Promise<Uint16Array> {
    if (this.#waiting.length >= this.#waitingMax) throw new BoopError('service.overloaded', 'too many searches wait already', { kind: 'unavailable' });
    return await new Promise<Uint16Array>((resolve, reject) => {
      this.#waiting.push({ probe: probe.slice(), fromRow, toRow, resolve, reject });
      if (!this.#working) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      const { fromRow, toRow } = first;
      const pass = this.#waiting.filter((each) => each.fromRow === fromRow && each.toRow === toRow).slice(0, PROBES_MAX);
      this.#waiting = this.#waiting.filter((each) => !pass.includes(each));
      try {
        const products = await this.#pass(pass.map(({ probe }) => probe), fromRow, toRow);
        pass.forEach(({ resolve }, at) => resolve(products[at]!));
      } catch (error) {
        for (const { reject } of pass) reject(error);
      } finally {
        for (const { probe } of pass) probe.fill(0);
      }
    }
    this.#working = false;
  }

  async #pass(probes: readonly Int16Array[], fromRow: number, toRow: number): Promise<Uint16Array[]> {
    this.counts.passes += 1;
    this.counts.probes += probes.length;
    const rows = toRow - fromRow;
    const perShard = Math.ceil(rows / this.#shards.length);
    const [only] = this.#shards;
    if (this.#shards.length === 1 && probes.length === 1) return [await productsOf(only!, probes, fromRow, toRow)];
    const out = probes.map(() => new Uint16Array(this.#shifts * rows));
    const parts = this.#shards.map(async (shard, at) => {
      const first = Math.min(rows, at * perShard);
      const count = Math.min(rows - first, perShard);
      if (count === 0) return;
      const products = await productsOf(shard, probes, fromRow + first, fromRow + first + count);
      out.forEach((all, probe) => {
        for (let shift = 0; shift < this.#shifts; shift++) {
          const from = (probe * this.#shifts + shift) * count;
          all.set(products.subarray(from, from + count), shift * rows + first);
        }
      });
      products.fill(0);
      freeMemory(products);
    });
    await Promise.all(parts);
    return out;
  }
}

async function productsOf(shard: Shard, probes: readonly Int16Array[], fromRow: number, toRow: number): Promise<Uint16Array> {
  return await new Promise((resolve, reject) => {
    const fail = (code: string): void => reject(new BoopError(code, 'a shard could not compute its rows', { kind: 'unavailable' }));
    shard.start(
      { kind: 'products', probes: probes.map((probe) => probe.slice()), fromRow, toRow },
      { send() {}, failed: ({ code }) => fail(code), done: (output) => (output.kind === 'products' ? resolve(output.products) : fail('engine.broken')) },
    );
  });
}

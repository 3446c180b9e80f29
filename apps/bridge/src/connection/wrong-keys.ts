import { TokenBucket } from './token-bucket.ts';

/** Addresses that are remembered; for one more the one is forgotten that was wrong longest ago. */
const addressesMax = 10_000;

/**
 * Bounds what wrong credentials of one address cost the gateway: a minute's worth at once, then that rate, and no more until some of it is back. Right ones
 * are free, so that all terminals of a shop may come back together.
 */
export class WrongKeys {
  readonly #perMinute: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /**
   * Begins a try. An address that was wrong before pays in advance and gets it back, so that many tries at the same moment are not all free.
   * @returns what the end of the try is told to, or undefined where the address has none left
   */
  begin(address: string, nowMs: number): ((wasWrong: boolean) => void) | undefined {
    const paid = this.#buckets.get(address);
    if (paid?.take(nowMs) === false) return undefined;
    return (wasWrong) => {
      if (!wasWrong) return paid?.giveBack();
      const bucket = this.#buckets.get(address) ?? paid ?? new TokenBucket({ perSecond: this.#perMinute / 60, capacity: this.#perMinute, nowMs });
      if (!paid) bucket.take(nowMs);
      this.#remember(address, bucket);
    };
  }

  #remember(address: string, bucket: TokenBucket): void {
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    if (this.#buckets.size <= addressesMax) return;
    const [oldest] = this.#buckets.keys();
    this.#buckets.delete(oldest!);
  }
}

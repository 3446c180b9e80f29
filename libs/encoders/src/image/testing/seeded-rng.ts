import { createHash } from 'node:crypto';
import { type Rng } from '@boop/shared';

/** Repeats by seed: SHA-256 in counter mode. For tests only. */
export function seededRng(seed: number): Rng {
  let counter = 0;
  return {
    bytes: (count) => {
      const out = new Uint8Array(count);
      for (let at = 0; at < count; at += 32) out.set(createHash('sha256').update(`${seed} ${counter++}`).digest().subarray(0, count - at), at);
      return out;
    },
  };
}

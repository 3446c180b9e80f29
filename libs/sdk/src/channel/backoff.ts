import { type Rng } from '@boop/shared';

export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
}

export const reconnectBackoff: Backoff = { initialMs: 200, maxMs: 10_000 };

/**
 * Exponential backoff with jitter: uniform in [d/2, d) for d = initial·2^attempt, at most `maxMs`, so that clients of a
 * server that restarts don't all come back at once.
 * @param attempt failed attempts so far, from 0
 */
export function backoffMs(attempt: number, backoff: Backoff, rng: Rng): number {
  const ceiling = Math.min(backoff.maxMs, backoff.initialMs * 2 ** Math.min(attempt, 30));
  const [high, low] = rng.bytes(2) as unknown as [number, number];
  return Math.floor(ceiling * (0.5 + (high * 256 + low) / 131_072));
}

import { randomFillSync } from 'node:crypto';
import { type Clock, type Rng } from '@boop/shared';

/** The operating system's wall clock. */
export const systemClock: Clock = { nowMs: () => Date.now() };

/** The operating system's generator (getrandom), through OpenSSL's DRBG. */
export const systemRng: Rng = { bytes: (count) => randomFillSync(new Uint8Array(count)) };

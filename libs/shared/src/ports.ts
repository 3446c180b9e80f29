import type { PartyId } from './ids.ts';

/** Wall clock, milliseconds since the Unix epoch. */
export interface Clock {
  nowMs(): number;
}

/**
 * Source of randomness. Production wires the operating system's generator; tests wire a seeded one, so every run replays.
 * Contract: `bytes(n)` returns n fresh bytes, independent of all earlier ones; it never blocks and never fails.
 */
export interface Rng {
  bytes(count: number): Uint8Array;
}

/**
 * Authenticated, ordered, confidential channel to the other parties of one run.
 * Contract: at most once; a message to a dead party is dropped; the caller bounds every wait.
 */
export interface PeerLink {
  readonly self: PartyId;
  send(to: PartyId, payload: Uint8Array): void;
}

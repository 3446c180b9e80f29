import { type TreeHead } from '@boop/log';

export interface SignedCheckpoint {
  /** C2SP signed note, verified. */
  readonly note: string;
  /** Serialised public group key that signed it. */
  readonly groupKey: Uint8Array;
}

/**
 * Has a tree head signed. Contract: bounded in time; safe to call again for the same or a larger head after any failure; throws
 * BoopErrors, `log.no-quorum` when too few signers can be reached.
 */
export interface CheckpointSigner {
  sign(head: TreeHead): Promise<SignedCheckpoint>;
}

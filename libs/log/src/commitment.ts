import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, equalBytes, lengthPrefixed, utf8 } from '@boop/shared';
import { uint64 } from './bytes.ts';

export const OPENING_BYTES = 32;
export const LABEL_BYTES_MAX = 255;
/** An opened value travels in proofs. */
export const VALUE_BYTES_MAX = 32_768;

/** What a commitment hides until `opening` is shown, and for ever once `opening` is deleted. */
export interface CommitmentOpening {
  /** 32 uniformly random bytes, fresh for each commitment. */
  readonly opening: Uint8Array;
  /** Identifier of the account, 1…255 bytes. */
  readonly label: Uint8Array;
  /** Version of the account, from 0. */
  readonly version: number;
  readonly value: Uint8Array;
}

/**
 * HMAC-SHA256(opening, domain ‖ label ‖ version ‖ value), each part behind its length. Binding because SHA-256 resists
 * collisions and openings have one length (HMAC pads keys, so keys of different lengths could be one key); hiding as long as the
 * opening is unknown. Throws `map.malformed-opening`.
 */
export function commitTo({ opening, label, version, value }: CommitmentOpening): Uint8Array {
  const sizesOk = opening.length === OPENING_BYTES && isLabel(label) && value.length <= VALUE_BYTES_MAX;
  if (!sizesOk || !Number.isSafeInteger(version) || version < 0) throw new BoopError('map.malformed-opening', 'not the opening of a commitment');
  return hmac(sha256, opening, lengthPrefixed(utf8('boop-map-commitment/1'), label, uint64(version), value));
}

/** Throws `map.malformed-opening`, `map.commitment-invalid`. */
export function verifyCommitment(commitment: Uint8Array, opening: CommitmentOpening): void {
  if (!equalBytes(commitTo(opening), commitment)) throw new BoopError('map.commitment-invalid', 'the opening is of another commitment', { kind: 'peer' });
}

export const isLabel = (label: Uint8Array): boolean => label.length > 0 && label.length <= LABEL_BYTES_MAX;

import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError } from '@boop/shared';

export const HASH_BYTES = 32;

/** MTH of the empty list (RFC 6962 section 2.1). */
export const emptyRoot = (): Uint8Array => sha256(new Uint8Array(0));

/** SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(0)).update(entry).digest();
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(1)).update(left).update(right).digest();
}

/** State of the log at one size: `root` is the MTH of the first `size` entries. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

export const emptyTreeHead = (): TreeHead => ({ size: 0, root: emptyRoot() });

/** Root of a perfect subtree from its 2^k concatenated hashes. */
export function subtreeRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let level = hashes;
  while (level.length > 1) level = Array.from({ length: level.length / 2 }, (_, at) => nodeHash(level[2 * at]!, level[2 * at + 1]!));
  return level[0]!;
}

/** Throws `log.invalid-size` unless all are integers in [0, 2^53). */
export function checkSizes(...values: readonly number[]): void {
  if (values.some((value) => !Number.isSafeInteger(value) || value < 0)) throw new BoopError('log.invalid-size', 'sizes and indexes are non-negative safe integers');
}

/** Throws `log.malformed-proof` unless all are 32-byte hashes, at most 64 of them. */
export function checkHashes(hashes: readonly Uint8Array[]): void {
  const wellFormed = hashes.length <= 64 && hashes.every((hash) => hash instanceof Uint8Array && hash.length === HASH_BYTES);
  if (!wellFormed) throw new BoopError('log.malformed-proof', 'a proof is a list of at most 64 hashes of 32 bytes');
}

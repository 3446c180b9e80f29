import { BoopError, equalBytes } from '@boop/shared';
import { checkHashes, checkSizes, nodeHash } from './hash.ts';

export interface InclusionProof {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  /** Sibling hashes from the leaf up (RFC 9162 section 2.1.3.1). */
  readonly proof: readonly Uint8Array[];
}

/**
 * RFC 9162 section 2.1.3.2. Cost: one hash per proof element, at most 53.
 * Throws `log.malformed-proof`, `log.invalid-size`, `log.inclusion-invalid`.
 */
export function verifyInclusionProof({ leafHash, index, size, root, proof }: InclusionProof): void {
  checkSizes(index, size);
  checkHashes([leafHash, root]);
  checkHashes(proof);
  const refuse = (): never => {
    throw new BoopError('log.inclusion-invalid', 'the proof does not lead from the entry to the root');
  };
  if (index >= size) refuse();
  let fn = index;
  let sn = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (sn === 0) refuse();
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0 || !equalBytes(hash, root)) refuse();
}

/** Right shift by one; the operator would cut at 32 bits. */
export const half = (value: number): number => Math.floor(value / 2);

import { emptyRoot, leafHash, nodeHash } from '@boop/log';
import { BoopError } from '@boop/shared';

/**
 * The right edge of a Merkle tree (RFC 6962 section 2.1): roots of the perfect subtrees that make up its first `size` leaves, largest first, one
 * for each 1 in the size's binary form. Enough to append to the tree and to know its root, in about log2(size) hashes.
 */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

export const emptyFrontier = (): Frontier => ({ size: 0, hashes: [] });

/** @throws BoopError `log.malformed-frontier` unless there are as many hashes of 32 bytes as the size asks for */
export function parseFrontier(size: number, hashes: readonly Uint8Array[]): Frontier {
  const needed = [...size.toString(2)].filter((bit) => bit === '1').length;
  if (hashes.length !== needed || hashes.some(({ length }) => length !== 32)) throw new BoopError('log.malformed-frontier', 'these are not the subtrees of a tree of that size', { kind: 'peer' });
  return { size, hashes };
}

export function rootOf({ hashes }: Frontier): Uint8Array {
  return hashes.length === 0 ? emptyRoot() : hashes.reduceRight((right, left) => nodeHash(left, right));
}

export function appendTo({ size, hashes }: Frontier, entries: readonly Uint8Array[]): Frontier {
  const stack = [...hashes];
  let count = size;
  for (const entry of entries) {
    let hash = leafHash(entry);
    for (let rest = count; rest % 2 === 1; rest = Math.floor(rest / 2)) hash = nodeHash(stack.pop()!, hash);
    stack.push(hash);
    count += 1;
  }
  return { size: count, hashes: stack };
}

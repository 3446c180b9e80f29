import { BoopError, equalBytes } from '@boop/shared';
import { checkHashes, checkSizes, nodeHash, type TreeHead } from './hash.ts';
import { half } from './inclusion.ts';

/**
 * RFC 9162 section 2.1.4.2: the log at `newer` extends the log at `older`.
 * Size 0 is refused (`log.consistency-from-empty`): the RFC defines no proof from it. A witness to which a log is new
 * (C2SP tlog-witness, old size 0, empty proof) has nothing to compare and doesn't call this.
 * Throws also `log.malformed-proof`, `log.invalid-size`, `log.consistency-invalid`.
 */
export function verifyConsistencyProof(older: TreeHead, newer: TreeHead, proof: readonly Uint8Array[]): void {
  checkSizes(older.size, newer.size);
  checkHashes([older.root, newer.root]);
  checkHashes(proof);
  const refuse = (): never => {
    throw new BoopError('log.consistency-invalid', 'the newer tree is not shown to extend the older one');
  };
  if (older.size === 0) throw new BoopError('log.consistency-from-empty', 'nothing can be shown about the empty tree');
  if (older.size > newer.size) refuse();
  if (older.size === newer.size) {
    if (proof.length > 0 || !equalBytes(older.root, newer.root)) refuse();
    return;
  }
  if (proof.length === 0) refuse();

  let fn = older.size - 1;
  let sn = newer.size - 1;
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  // fn is 0 here only if the older size is a power of two; the older root is then a node of the newer tree and not in the proof.
  const [first, ...rest] = fn === 0 ? [older.root, ...proof] : proof;
  let olderHash = first!;
  let newerHash = first!;
  for (const sibling of rest) {
    if (sn === 0) refuse();
    if (fn % 2 === 1 || fn === sn) {
      olderHash = nodeHash(sibling, olderHash);
      newerHash = nodeHash(sibling, newerHash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      newerHash = nodeHash(newerHash, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0 || !equalBytes(olderHash, older.root) || !equalBytes(newerHash, newer.root)) refuse();
}

import { leafHash, nodeHash, verifyInclusionProof } from '@boop/log';
import { BoopError, canonicalJson } from '@boop/shared';
import { type Transfer } from './model.ts';

/** Canonical bytes of a transfer: what a batch's commitment is over. Amounts and sequence as decimal strings. */
export const transferBytes = (transfer: Transfer): Uint8Array => canonicalJson({ ...transfer, sequence: String(transfer.sequence), amount: String(transfer.amount) });

/** Root of the RFC 6962 tree over a batch's transfers in order, 32 bytes. @throws BoopError `batch.empty` */
export const batchRoot = (transfers: readonly Transfer[]): Uint8Array => rootOf(leavesOf(transfers));

/** Proves to anybody that a transfer stands in a logged batch (RFC 6962 section 2.1.1). @param index in the batch */
export function batchInclusion(transfers: readonly Transfer[], index: number): Uint8Array[] {
  return pathOf(leavesOf(transfers), index);
}

/** @throws BoopError of `verifyInclusionProof` */
export function verifyBatchInclusion(transfer: Transfer, batch: { readonly size: number; readonly root: Uint8Array }, index: number, proof: readonly Uint8Array[]): void {
  verifyInclusionProof({ leafHash: leafHash(transferBytes(transfer)), index, size: batch.size, root: batch.root, proof: [...proof] });
}

const leavesOf = (transfers: readonly Transfer[]): Uint8Array[] => transfers.map((transfer) => leafHash(transferBytes(transfer)));

function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) throw new BoopError('batch.empty', 'a batch has at least one transfer');
  if (leaves.length === 1) return leaves[0]!;
  const split = splitOf(leaves.length);
  return nodeHash(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

function pathOf(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split ? [...pathOf(left, index), rootOf(right)] : [...pathOf(right, index - split), rootOf(left)];
}

/** Largest power of two smaller than the count. */
const splitOf = (count: number): number => 2 ** (31 - Math.clz32(count - 1));

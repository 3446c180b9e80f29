import { BoopError, fromHex, toHex } from '@boop/shared';
import { type LaneRange } from '../link/peer-methods.ts';

const wordLanes = 32;

/** Lanes that a run takes: whole words. */
export const lanesFor = (comparisons: number): number => Math.ceil(comparisons / wordLanes) * wordLanes;

/**
 * Cuts ranges where blocks end, so that each block has ranges of its own.
 * @param widths lanes of each block; together as many as the ranges have
 */
export function cutRanges(ranges: readonly LaneRange[], widths: readonly number[]): LaneRange[] {
  const cut: LaneRange[] = [];
  const left = ranges.map((range) => ({ ...range }));
  for (const width of widths) {
    for (let missing = width; missing > 0; ) {
      const range = left[0];
      if (!range) throw new BoopError('run.wrong-lanes', 'the run was given another number of lanes', { kind: 'peer' });
      const to = Math.min(range.to, range.from + missing);
      cut.push({ batchId: range.batchId, from: range.from, to });
      missing -= to - range.from;
      if (to === range.to) left.shift();
      else range.from = to;
    }
  }
  if (left.length > 0) throw new BoopError('run.wrong-lanes', 'the run was given another number of lanes', { kind: 'peer' });
  return cut;
}

/**
 * The lowest party's account of its committee's correlations: which lanes of which batch no run has got yet. Ranges only move
 * forward, so no lane is allotted twice; each member sees to it for itself that none is taken twice.
 */
export class LaneAccount {
  readonly #batches = new Map<string, { next: number; readonly lanes: number }>();

  get available(): number {
    let lanes = 0;
    for (const batch of this.#batches.values()) lanes += batch.lanes - batch.next;
    return lanes;
  }

  add(batchId: Uint8Array, lanes: number): void {
    const id = toHex(batchId);
    if (this.#batches.has(id)) throw new BoopError('pool.repeated-batch', 'a batch enters the pool once', { kind: 'fatal' });
    if (lanes < wordLanes || lanes % wordLanes !== 0) throw new BoopError('pool.odd-batch', 'a batch has whole words of lanes', { kind: 'fatal' });
    this.#batches.set(id, { next: 0, lanes });
  }

  /** Oldest batches first. Nothing is taken unless there is enough. @returns undefined when too few lanes are left */
  allot(lanes: number): LaneRange[] | undefined {
    if (!Number.isSafeInteger(lanes) || lanes < 0 || lanes % wordLanes !== 0) throw new BoopError('pool.odd-request', 'runs take whole words of lanes', { kind: 'fatal' });
    if (lanes > this.available) return undefined;
    const ranges: LaneRange[] = [];
    let missing = lanes;
    for (const [id, batch] of this.#batches) {
      if (missing === 0) break;
      const from = batch.next;
      batch.next += Math.min(missing, batch.lanes - from);
      missing -= batch.next - from;
      ranges.push({ batchId: fromHex(id), from, to: batch.next });
      if (batch.next === batch.lanes) this.#batches.delete(id);
    }
    return ranges;
  }
}

import { type CommitteeKeys, type CorrelationBatch, type CorrelationSlice } from '@boop/mpc';
import { BoopError, equalBytes, type PartyId, toHex } from '@boop/shared';
import { type LaneRange, type PoolBackEnd } from '../link/peer-methods.ts';
import { LaneAccount } from './lanes.ts';

/** A committee, and the nodes over which its masked scores are checked: itself, or 3t+1 and more with it. */
export interface RunScope {
  readonly committee: readonly PartyId[];
  readonly holders: readonly PartyId[];
}

export const isWide = ({ committee, holders }: RunScope): boolean => holders.length > committee.length;

/**
 * What one node keeps for one committee and its holders, in memory only: keys and correlations live and die with the boot ids of all
 * holders, since a node that restarted has lost its part and must never be served a used stream again. A holder outside the
 * committee has masks alone, and no keys.
 */
export class CommitteeState {
  readonly scope: RunScope;
  readonly bootIds: readonly Uint8Array[];
  readonly keys: CommitteeKeys | undefined;
  /** Names the agreement on these keys: a member may have missed one. */
  readonly agreement: Uint8Array | undefined;
  /** At the lowest party: lanes that are still to be allotted. */
  readonly accounts: Readonly<Record<PoolBackEnd, LaneAccount>> = { 'one-hot': new LaneAccount(), digits: new LaneAccount() };
  readonly #batches = new Map<string, CorrelationBatch>();
  usedAtMs: number;

  constructor(scope: RunScope, bootIds: readonly Uint8Array[], agreed: { readonly id: Uint8Array; readonly keys: CommitteeKeys } | undefined, nowMs: number) {
    this.scope = scope;
    this.bootIds = bootIds;
    this.keys = agreed?.keys;
    this.agreement = agreed?.id;
    this.usedAtMs = nowMs;
  }

  /** Lanes in memory, taken ones of unfinished batches included. */
  get lanesHeld(): number {
    let lanes = 0;
    for (const batch of this.#batches.values()) lanes += batch.lanes;
    return lanes;
  }

  /** Lanes of a back end that no run has taken here; at every holder what the lowest party may still allot, but for runs that are on their way. */
  lanesLeft(backEnd: PoolBackEnd): number {
    let lanes = 0;
    for (const batch of this.#batches.values()) if (batch.scope.backEnd === backEnd) lanes += batch.lanesLeft;
    return lanes;
  }

  isOf(bootIds: readonly (Uint8Array | undefined)[]): boolean {
    return bootIds.length === this.bootIds.length && bootIds.every((id, at) => id !== undefined && equalBytes(id, this.bootIds[at]!));
  }

  /** A committee for which correlations are still made is in use: those of nodes that are no longer up together make room first. */
  addBatch(batchId: Uint8Array, batch: CorrelationBatch, nowMs: number): void {
    this.usedAtMs = nowMs;
    this.#batches.set(toHex(batchId), batch);
  }

  /**
   * Drops what runs that never got here left behind, oldest first, until so many lanes are held at most. Lanes are allotted batch by batch: once a later batch
   * of the same back end was begun, nothing of an earlier one is to come but what is on its way already.
   */
  shrink(lanesMax: number): void {
    const begun = new Set<string>();
    const overtaken: string[] = [];
    for (const [id, { scope, lanes, lanesLeft }] of [...this.#batches].reverse()) {
      if (begun.has(scope.backEnd)) overtaken.push(id);
      if (lanesLeft < lanes) begun.add(scope.backEnd);
    }
    while (this.lanesHeld > lanesMax && overtaken.length > 0) {
      const id = overtaken.pop()!;
      this.#batches.get(id)!.wipe();
      this.#batches.delete(id);
    }
  }

  /** Hands out lanes, each at most once. @throws BoopError `correlation.unknown`, `correlation.reused` */
  take(ranges: readonly LaneRange[]): CorrelationSlice[] {
    return ranges.map(({ batchId, from, to }) => {
      const id = toHex(batchId);
      const batch = this.#batches.get(id);
      if (!batch) throw new BoopError('correlation.unknown', 'there is no such batch of correlations here', { kind: 'peer' });
      const slice = batch.take(from, to);
      if (batch.lanesLeft === 0) this.#batches.delete(id);
      return slice;
    });
  }

  wipe(): void {
    this.keys?.wipe();
    for (const batch of this.#batches.values()) batch.wipe();
    this.#batches.clear();
  }
}

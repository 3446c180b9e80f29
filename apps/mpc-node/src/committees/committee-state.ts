import { type CommitteeKeys, type CorrelationBatch, type CorrelationSlice } from '@boop/mpc';
import { BoopError, equalBytes, type PartyId, toHex } from '@boop/shared';
import { type LaneRange } from '../link/peer-methods.ts';
import { LaneAccount } from './lanes.ts';

/**
 * What one member keeps for one committee, in memory only: keys and correlations live and die with the boot ids of all members, since
 * a member that restarted has lost its part and must never be served a used stream again.
 */
export class CommitteeState {
  readonly members: readonly PartyId[];
  readonly bootIds: readonly Uint8Array[];
  readonly keys: CommitteeKeys;
  /** At the lowest party: lanes that are still to be allotted. */
  readonly account = new LaneAccount();
  readonly #batches = new Map<string, CorrelationBatch>();
  usedAtMs: number;

  constructor(members: readonly PartyId[], bootIds: readonly Uint8Array[], keys: CommitteeKeys, nowMs: number) {
    this.members = members;
    this.bootIds = bootIds;
    this.keys = keys;
    this.usedAtMs = nowMs;
  }

  /** Lanes in memory, taken ones of unfinished batches included. */
  get lanesHeld(): number {
    let lanes = 0;
    for (const batch of this.#batches.values()) lanes += batch.lanes;
    return lanes;
  }

  isOf(bootIds: readonly (Uint8Array | undefined)[]): boolean {
    return bootIds.length === this.bootIds.length && bootIds.every((id, at) => id !== undefined && equalBytes(id, this.bootIds[at]!));
  }

  addBatch(batchId: Uint8Array, batch: CorrelationBatch): void {
    this.#batches.set(toHex(batchId), batch);
  }

  hasBatch(batchId: Uint8Array): boolean {
    return this.#batches.has(toHex(batchId));
  }

  /** Hands out lanes, each at most once. @throws BoopError `correlation.unknown`, `correlation.reused` */
  take(ranges: readonly LaneRange[]): CorrelationSlice[] {
    return ranges.map(({ batchId, from, to }) => {
      const id = toHex(batchId);
      const batch = this.#batches.get(id);
      if (!batch) throw new BoopError('correlation.unknown', 'there is no such batch of correlations here', { kind: 'peer' });
      const slice = batch.take(from, to);
      if (to >= batch.lanes) this.#batches.delete(id);
      return slice;
    });
  }

  wipe(): void {
    this.keys.wipe();
    this.#batches.clear();
  }
}

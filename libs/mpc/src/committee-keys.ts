import { type PartyId } from '@boop/shared';
import { HolderKeys } from './holder-keys.ts';
import { createReplication, type Replication } from './replication.ts';

/** Keys whose holders are a committee of 2t + 1: what comparisons run on. */
export class CommitteeKeys extends HolderKeys {
  readonly replication: Replication;

  /** @param keys one per component held by `self`, in the order of `createReplication(…).held` */
  constructor(self: PartyId, committee: readonly PartyId[], threshold: number, keys: readonly Uint8Array[]) {
    const replication = createReplication(self, committee, threshold);
    super(replication, keys);
    this.replication = replication;
  }

  /** Throws BoopError `keys.mismatch` unless these are the keys of that member of that committee. */
  checkFor(self: PartyId, committee: readonly PartyId[], threshold: number): Replication {
    this.checkHolders(self, committee, threshold);
    return this.replication;
  }
}

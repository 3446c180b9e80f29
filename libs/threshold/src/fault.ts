import { BoopError, type PartyId } from '@boop/shared';

/** A peer's contribution was refused; `blame` names every party whose bytes failed, in ascending order. */
export class ThresholdFault extends BoopError {
  readonly blame: readonly PartyId[];

  constructor(code: string, message: string, blame: readonly PartyId[]) {
    super(code, message, { kind: 'peer' });
    this.name = 'ThresholdFault';
    this.blame = [...blame].sort((a, b) => a - b);
  }
}

/** Calls `check` for each entry and throws one {@link ThresholdFault} naming all parties for which it threw. */
export function checkEach<T>(entries: Iterable<readonly [PartyId, T]>, code: string, message: string, check: (party: PartyId, value: T) => void): void {
  const blame: PartyId[] = [];
  for (const [party, value] of entries) {
    try {
      check(party, value);
    } catch {
      blame.push(party);
    }
  }
  if (blame.length > 0) throw new ThresholdFault(code, message, blame);
}

import { BoopError, type PartyId } from '@boop/shared';

/**
 * Who takes part in a resharing. A party's id is its point in both sharings; a custodian that takes over a point from another one is a
 * receiver there and no dealer, since it holds nothing of the old sharing.
 */
export interface ResharingParties {
  /** At least 2t + 1 holders of the old sharing, ascending. */
  readonly dealers: readonly PartyId[];
  /** Degree t of the old sharing. */
  readonly dealerThreshold: number;
  /** All holders of the new sharing, at least 2t' + 1, ascending. */
  readonly receivers: readonly PartyId[];
  /** Degree t' of the new sharing. */
  readonly receiverThreshold: number;
}

/** Dealers and receivers, ascending. @throws BoopError `resharing.parties` unless both sides have an honest majority */
export function participantsOf(parties: ResharingParties): PartyId[] {
  const { dealers, dealerThreshold, receivers, receiverThreshold } = parties;
  if (!isSide(dealers, dealerThreshold) || !isSide(receivers, receiverThreshold))
    throw new BoopError('resharing.parties', 'both sides are 2t + 1 or more ascending party ids', { kind: 'fatal' });
  return [...new Set([...dealers, ...receivers])].sort((a, b) => a - b);
}

const isSide = (parties: readonly number[], threshold: number): boolean =>
  Number.isInteger(threshold) &&
  threshold >= 1 &&
  parties.length >= 2 * threshold + 1 &&
  parties.every((party, i) => Number.isInteger(party) && party >= 1 && party <= 255 && (i === 0 || party > parties[i - 1]!));

import { type Field, interpolate, isCodeword, subsets } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { type ResharingParties } from './resharing-parties.ts';

/** openings[dealer][receiver][k]: what a receiver says about a dealer's sub-shares. */
export type Openings = ReadonlyMap<PartyId, ReadonlyMap<PartyId, Uint16Array>>;

/** What one participant makes of the openings that it got. */
export interface Findings {
  /** Dealers that are proven to have lied, or to be contradicted by more receivers than can lie. */
  readonly named: readonly PartyId[];
  /** A receiver contradicts the others about a dealer: one of the two lies. `expected` is what the others make it. */
  readonly disputes: readonly { readonly dealer: PartyId; readonly receiver: PartyId; readonly expected: Uint16Array }[];
  /** Something is wrong, and with so few nodes nobody can say at whom. */
  readonly suspects: readonly PartyId[];
}

/**
 * Two conditions (both linear, so random combinations decide them): each dealer's openings are a word of degree t' over the receivers, and
 * the values that these words have at 0 are a word of degree t over the dealers, that is, of the old sharing. With 2t + 1 on a side the honest
 * ones alone determine the word, so nothing wrong passes; with 3t + 1 they also outvote t liars (Reed–Solomon), who are then named.
 */
export function judge(field: Field, parties: ResharingParties, openings: Openings): Findings {
  const { dealers, dealerThreshold, receivers, receiverThreshold } = parties;
  const named: PartyId[] = [];
  const suspects = new Set<PartyId>();
  const disputes: Findings['disputes'][number][] = [];
  const secrets = new Map<PartyId, Uint16Array>();
  for (const dealer of dealers) {
    const word = decode(field, receivers, openings.get(dealer)!, receiverThreshold);
    if (word === undefined && isDecodable(receivers, receiverThreshold)) named.push(dealer);
    else if (word === undefined) for (const party of [dealer, ...receivers]) suspects.add(party);
    else {
      secrets.set(dealer, word.valueAt(0));
      for (const receiver of word.wrong) disputes.push({ dealer, receiver, expected: word.valueAt(receiver) });
    }
  }
  const remaining = dealers.filter((dealer) => secrets.has(dealer));
  if (suspects.size === 0 && remaining.length > dealerThreshold) {
    const word = decode(field, remaining, secrets, dealerThreshold, isDecodable(dealers, dealerThreshold) ? dealerThreshold - named.length : 0);
    if (word) named.push(...word.wrong);
    else for (const dealer of remaining) suspects.add(dealer);
  }
  return { named: named.sort((a, b) => a - b), disputes, suspects: [...suspects].sort((a, b) => a - b) };
}

const isDecodable = (parties: readonly PartyId[], threshold: number): boolean => parties.length >= 3 * threshold + 1;

interface Word {
  readonly wrong: readonly PartyId[];
  valueAt(point: number): Uint16Array;
}

/** The one set of words (an entry k each) from which at most `errorsMax` of the parties differ; undefined when there is none. */
function decode(field: Field, parties: readonly PartyId[], values: ReadonlyMap<PartyId, Uint16Array>, degree: number, errorsMax = isDecodable(parties, degree) ? degree : 0): Word | undefined {
  const count = values.get(parties[0]!)!.length;
  const entry = (kept: readonly PartyId[], k: number): number[] => kept.map((party) => values.get(party)![k]!);
  for (let errors = 0; errors <= errorsMax; errors++) {
    for (const wrong of subsets(parties, errors)) {
      const kept = parties.filter((party) => !wrong.includes(party));
      if (!Array.from({ length: count }, (_, k) => k).every((k) => isCodeword(field, kept, entry(kept, k), degree))) continue;
      const base = kept.slice(0, degree + 1);
      return { wrong, valueAt: (point) => Uint16Array.from({ length: count }, (_, k) => interpolate(field, base, entry(base, k), point)) };
    }
  }
  return undefined;
}

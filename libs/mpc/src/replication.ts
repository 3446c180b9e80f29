import { subsets } from '@boop/field';
import { BoopError, type PartyId } from '@boop/shared';

/** One summand of a replicated secret: every member but those in `missing` holds it. Positions in the committee, from 0. */
export interface Component {
  readonly missing: readonly number[];
  readonly holders: readonly number[];
}

/**
 * Who holds, multiplies and receives what in replicated sharing over a committee of 2t + 1 (Ito–Saito–Nishizeki 1987;
 * for t = 1 the three-party AND of Araki et al. 2016). A secret is the XOR (or sum) of C(2t+1, t) components, one per
 * t-subset of members that doesn't hold it. All lists are public and the same at every member.
 */
export interface Replication {
  readonly self: PartyId;
  readonly committee: readonly PartyId[];
  readonly threshold: number;
  /** Position of `self` in the committee. */
  readonly me: number;
  readonly components: readonly Component[];
  /** Indices of the components that `self` holds, ascending; shares are arrays in this order. */
  readonly held: readonly number[];
  /**
   * Per member the component that absorbs what it re-shares: the one held by it and the t members after it, cyclically, so
   * it sends to t members and receives from the t before it.
   */
  readonly designated: readonly number[];
  /** Per held component (row) the held components whose product with it falls to `self`; positions in `held`. */
  readonly products: readonly (readonly number[])[];
  /** Per held component the members whose re-sharing it masks, ascending: its holders but those that designate it. */
  readonly masked: readonly (readonly number[])[];
  /** Held components that `self` accounts for where a sharing is summed once: positions in `held`. */
  readonly owned: readonly number[];
}

/** Throws BoopError `committee.malformed` unless `committee` is 2t + 1 ascending party ids with `self` among them. */
export function createReplication(self: PartyId, committee: readonly PartyId[], threshold: number): Replication {
  const me = committee.indexOf(self);
  const ascending = committee.every((party, i) => Number.isInteger(party) && party >= 1 && (i === 0 || party > committee[i - 1]!));
  if (!Number.isInteger(threshold) || threshold < 1 || committee.length !== 2 * threshold + 1 || !ascending || me < 0) {
    throw new BoopError('committee.malformed', 'a committee is 2t + 1 ascending party ids, its own among them', { kind: 'fatal' });
  }
  const positions = committee.map((_, i) => i);
  const components = subsets(positions, threshold).map((missing) => ({ missing, holders: positions.filter((i) => !missing.includes(i)) }));
  const held = components.flatMap(({ missing }, index) => (missing.includes(me) ? [] : [index]));
  const designated = positions.map((i) => {
    const holders = Array.from({ length: threshold + 1 }, (_, step) => (i + step) % committee.length);
    return components.findIndex((component) => holders.every((holder) => component.holders.includes(holder)));
  });
  const multiplier = assignProducts(components, designated);
  return Object.freeze({
    self,
    committee,
    threshold,
    me,
    components,
    held,
    designated,
    products: held.map((c) => held.flatMap((d, position) => (multiplier[c]![d] === me ? [position] : []))),
    masked: held.map((c) => components[c]!.holders.filter((i) => designated[i] !== c)),
    owned: held.flatMap((c, position) => (components[c]!.holders[0] === me ? [position] : [])),
  });
}

/** multiplier[c][d]: a member that holds both components, chosen so that the work is spread; pairs with least choice first. */
function assignProducts(components: readonly Component[], designated: readonly number[]): number[][] {
  const load = designated.map(() => 0);
  const multiplier = components.map(() => components.map(() => -1));
  const pairs = components.flatMap((a, c) => components.map((b, d) => ({ c, d, holders: a.holders.filter((i) => b.holders.includes(i)) })));
  pairs.sort((x, y) => x.holders.length - y.holders.length || x.c - y.c || x.d - y.d);
  for (const { c, d, holders } of pairs) {
    const own = c === d ? holders.find((i) => designated[i] === c) : undefined;
    const chosen = own ?? holders.reduce((least, i) => (load[i]! < load[least]! ? i : least));
    load[chosen]! += 1;
    multiplier[c]![d] = chosen;
  }
  return multiplier;
}

import { BoopError, type PartyId } from '@boop/shared';
import { type Component, createHolding, type Holding } from './holding.ts';

/**
 * Who multiplies and receives what in replicated sharing over a committee of 2t + 1 (for t = 1 the three-party AND of Araki
 * et al. 2016). Bits are the XOR of their components.
 */
export interface Replication extends Holding {
  /** The parties. */
  readonly committee: readonly PartyId[];
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
  const holding = createHolding(self, committee, threshold);
  if (committee.length !== 2 * threshold + 1) throw new BoopError('committee.malformed', 'a committee has 2t + 1 members', { kind: 'fatal' });
  const { me, components, held } = holding;
  const positions = committee.map((_, i) => i);
  const designated = positions.map((i) => {
    const holders = Array.from({ length: threshold + 1 }, (_, step) => (i + step) % committee.length);
    return components.findIndex((component) => holders.every((holder) => component.holders.includes(holder)));
  });
  const multiplier = assignProducts(components, designated);
  return Object.freeze({
    ...holding,
    committee,
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

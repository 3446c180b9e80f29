import { type Field, subsets } from '@boop/field';
import { BoopError, type PartyId } from '@boop/shared';

/** One summand of a replicated secret: every holder but those in `missing` has it. Positions in the list of parties, from 0. */
export interface Component {
  readonly missing: readonly number[];
  readonly holders: readonly number[];
}

/**
 * Who holds which component of a replicated secret (Ito–Saito–Nishizeki 1987) among n ≥ 2t + 1 parties: C(n, t) components,
 * one per t-subset that doesn't hold it. All lists are public and the same at every party.
 */
export interface Holding {
  readonly self: PartyId;
  readonly parties: readonly PartyId[];
  readonly threshold: number;
  /** Position of `self` among the parties. */
  readonly me: number;
  readonly components: readonly Component[];
  /** Indices of the components that `self` holds, ascending; shares are arrays in this order. */
  readonly held: readonly number[];
}

/** Throws BoopError `committee.malformed` unless `parties` is 2t + 1 or more ascending party ids with `self` among them. */
export function createHolding(self: PartyId, parties: readonly PartyId[], threshold: number): Holding {
  const me = parties.indexOf(self);
  const ascending = parties.every((party, i) => Number.isInteger(party) && party >= 1 && (i === 0 || party > parties[i - 1]!));
  if (!Number.isInteger(threshold) || threshold < 1 || parties.length < 2 * threshold + 1 || !ascending || me < 0) {
    throw new BoopError('committee.malformed', 'holders are 2t + 1 or more ascending party ids, its own among them', { kind: 'fatal' });
  }
  const positions = parties.map((_, i) => i);
  const components = subsets(positions, threshold).map((missing) => ({ missing, holders: positions.filter((i) => !missing.includes(i)) }));
  const held = components.flatMap(({ missing }, index) => (missing.includes(me) ? [] : [index]));
  return Object.freeze({ self, parties, threshold, me, components, held });
}

/** f_M(self): the polynomial of degree t that is 1 at 0 and 0 at the points of those who lack the component M. */
export function componentWeight(field: Field, { self, parties, components }: Holding, component: number): number {
  let weight = 1;
  for (const member of components[component]!.missing) weight = field.mul(weight, field.reduce(1 - field.mul(self, field.inv(parties[member]!))));
  return weight;
}

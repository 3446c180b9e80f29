import { type Field, uniformResidues } from '@boop/field';
import { componentWeight, type Holding } from './holding.ts';
import { type KeyStream } from './prf.ts';

/**
 * Pseudorandom secret sharing (Cramer–Damgård–Ishai 2005): shares that nobody dealt, out of the keys of replicated components.
 * Local; any t parties lack one component, so to them what they don't hold is uniform.
 */

/** Adds to `target` the share at `self` of one fresh uniform secret per entry: degree t. Draws target.length residues per stream. */
export function addRandomShares(field: Field, holding: Holding, streams: readonly KeyStream[], target: Uint16Array): void {
  holding.held.forEach((component, c) => {
    const values = uniformResidues(field, target.length, streams[c]!);
    addScaled(field, target, values, componentWeight(field, holding, component));
    values.fill(0);
  });
}

/** Adds to `target` the share at `self` of one fresh sharing of 0 per entry: degree 2t, uniform among those. */
export function addZeroShares(field: Field, holding: Holding, streams: readonly KeyStream[], target: Uint16Array): void {
  holding.held.forEach((component, c) => addZeroComponent(field, holding, component, streams[c]!, target));
}

/** One component's part of {@link addZeroShares}: t·target.length residues of its stream. */
export function addZeroComponent(field: Field, holding: Holding, component: number, stream: KeyStream, target: Uint16Array): void {
  const weight = componentWeight(field, holding, component);
  for (let degree = 1; degree <= holding.threshold; degree++) {
    const values = uniformResidues(field, target.length, stream);
    addScaled(field, target, values, field.mul(field.pow(holding.self, degree), weight));
    values.fill(0);
  }
}

export function addScaled(field: Field, target: Uint16Array, values: Uint16Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i]! + values[i]! * factor) % field.p;
}

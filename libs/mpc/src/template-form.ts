import { type Field, uniformResidues } from '@boop/field';
import { BoopError } from '@boop/shared';
import { checkTemplate, type Statistic } from './statistic.ts';
import { type KeyStream } from './prf.ts';

/** Code coordinates per mask coordinate; BoopError `statistic.no-mask` (fatal) for layouts whose mask does not prove the form. */
export function codesPerMask({ p, coordinates, codeCoordinates }: Statistic): number {
  const masks = coordinates - codeCoordinates;
  const codes = codeCoordinates / masks;
  // From p mask coordinates on, their number could be declared modulo p.
  if (!Number.isInteger(codes) || codes < 1 || masks >= p) throw new BoopError('statistic.no-mask', 'this layout has no mask that its code could be checked against', { kind: 'fatal' });
  return codes;
}

/**
 * The number of valid mask coordinates of a template, as its splitter declares it.
 * Throws BoopError `template.malformed`, `template.too-few-valid` (retry allowed).
 */
export function countValid(statistic: Statistic, values: Int8Array): number {
  checkTemplate(statistic, values);
  let valid = 0;
  for (let i = statistic.codeCoordinates; i < statistic.coordinates; i++) valid += values[i]!;
  if (valid < statistic.validMin) throw new BoopError('template.too-few-valid', 'too few coordinates are valid', { retryAllowed: true });
  return valid;
}

/** Throws BoopError `split.invalid-form` unless the statistic allows so many valid mask coordinates. */
export function checkDeclaredValid(statistic: Statistic, valid: number): void {
  const { validMin, coordinates, codeCoordinates } = statistic;
  if (!Number.isInteger(valid) || valid < validMin || valid > coordinates - codeCoordinates) throw invalidForm();
}

/**
 * What is 0 in a template of the right form: c² − m for every code coordinate and its mask coordinate, m² − m, and Σm − valid.
 * From shares of degree t these are shares of degree 2t. Over F_p that leaves m ∈ {0, 1} and c ∈ {−1, 0, 1}, 0 only where m is.
 * @returns coordinates + 1 canonical residues
 */
export function formTerms(field: Field, statistic: Statistic, share: Int16Array, valid: number): Uint16Array {
  const { coordinates, codeCoordinates } = statistic;
  const codes = codesPerMask(statistic);
  const terms = new Uint16Array(coordinates + 1);
  for (let i = 0; i < codeCoordinates; i++) {
    const c = share[i]!;
    terms[i] = field.reduce(c * c - share[codeCoordinates + Math.floor(i / codes)]!);
  }
  let sum = -valid;
  for (let i = codeCoordinates; i < coordinates; i++) {
    const m = share[i]!;
    terms[i] = field.reduce(m * m - m);
    sum += m;
  }
  terms[coordinates] = field.reduce(sum);
  return terms;
}

/** Σ ρᵢ·valuesᵢ with public ρᵢ drawn from the stream. Fewer than 2^20 values, so that the sum is exact below 2^53. */
export function randomCombination(field: Field, values: Int16Array | Uint16Array, coefficients: KeyStream): number {
  const rho = uniformResidues(field, values.length, coefficients);
  let sum = 0;
  for (let i = 0; i < rho.length; i++) sum += rho[i]! * values[i]!;
  return field.reduce(sum);
}

export const invalidForm = (): BoopError => new BoopError('split.invalid-form', 'the shares are not those of well-formed templates');


import { createField, lagrangeCoefficients, uniformResidues } from '@boop/field';
import { BoopError, type PartyId, type Rng } from '@boop/shared';
import { checkParameters, type SharingParameters } from './committee.ts';
import { checkTemplate, type Statistic } from './statistic.ts';

/**
 * Shamir shares (Shamir 1979) of a template: coordinate by coordinate a random polynomial of degree t, node i at point i.
 * @returns N encoded shares, node i's at index i − 1: little-endian u16 canonical residue per coordinate
 */
export function splitTemplate(values: Int8Array, statistic: Statistic, parameters: SharingParameters, rng: Rng): Uint8Array[] {
  const { nodes, threshold } = checkParameters(parameters);
  checkTemplate(statistic, values);
  const field = createField(statistic.p);
  const count = values.length;
  const coefficients = uniformResidues(field, count * threshold, rng);
  const shares = Array.from({ length: nodes }, (_, index) => {
    const x = index + 1;
    const bytes = new Uint8Array(count * 2);
    for (let i = 0; i < count; i++) {
      let value = 0;
      for (let degree = threshold - 1; degree >= 0; degree--) value = ((value + coefficients[degree * count + i]!) * x) % field.p;
      value = field.reduce(value + values[i]!);
      bytes[2 * i] = value & 255;
      bytes[2 * i + 1] = value >> 8;
    }
    return bytes;
  });
  coefficients.fill(0);
  return shares;
}

/**
 * Strict decoding of one node's share into balanced residues, as the kernels take them.
 * Throws BoopError `share.malformed` on another length or a residue ≥ p.
 */
export function parseShare(bytes: Uint8Array, statistic: Statistic): Int16Array {
  const field = createField(statistic.p);
  if (bytes.length !== statistic.coordinates * 2) throw malformed();
  const share = new Int16Array(statistic.coordinates);
  for (let i = 0; i < share.length; i++) {
    const residue = bytes[2 * i]! | (bytes[2 * i + 1]! << 8);
    if (residue >= field.p) throw malformed();
    share[i] = field.balance(residue);
  }
  return share;
}

/**
 * The template behind t + 1 or more shares: for tests, oracles and positive controls; no node ever calls it.
 * Throws BoopError `share.too-few`, or `share.inconsistent` when the shares are not of one polynomial of degree t per
 * coordinate or don't hide a template.
 */
export function reconstructTemplate(shares: ReadonlyMap<PartyId, Uint8Array>, statistic: Statistic, threshold: number): Int8Array {
  const field = createField(statistic.p);
  const parties = [...shares.keys()].sort((a, b) => a - b);
  if (parties.length < threshold + 1) throw new BoopError('share.too-few', 'reconstruction needs t + 1 shares');
  const parsed = parties.map((party) => parseShare(shares.get(party)!, statistic));
  // The first t + 1 shares determine the value at 0 and at every further party's point.
  const base = parties.slice(0, threshold + 1);
  const weights = [0, ...parties.slice(threshold + 1)].map((at) => lagrangeCoefficients(field, base, at));
  return Int8Array.from({ length: statistic.coordinates }, (_, i) => {
    const values = parsed.map((share) => field.reduce(share[i]!));
    const [secret, ...expected] = weights.map((row) => row.reduce((sum, weight, k) => (sum + weight * values[k]!) % field.p, 0));
    const value = field.balance(secret!);
    if (value < -128 || value > 127 || expected.some((share, k) => share !== values[threshold + 1 + k])) throw inconsistent();
    return value;
  });
}

const malformed = (): BoopError => new BoopError('share.malformed', 'not an encoded share of this statistic');
const inconsistent = (): BoopError => new BoopError('share.inconsistent', 'the shares are not of one template');

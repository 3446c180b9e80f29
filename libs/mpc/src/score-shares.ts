import { createField } from '@boop/field';
import { type Gallery, type Kernel } from '@boop/kernels';
import { BoopError } from '@boop/shared';
import { type Statistic } from './statistic.ts';

/**
 * A probe's share at every shift, α and −β multiplied in: shifts × coordinates, balanced. Linear, so each node does it to
 * its own share.
 */
export function shiftedProbes(probe: Int16Array, statistic: Statistic): Int16Array {
  const field = createField(statistic.p);
  if (probe.length !== statistic.coordinates) throw new BoopError('share.malformed', 'not a share of this statistic');
  const weighted = probe.map((value, i) => field.balance(field.reduce(value * (i < statistic.codeCoordinates ? statistic.alpha : -statistic.beta))));
  const out = new Int16Array(statistic.shifts.length * statistic.coordinates);
  statistic.shifts.forEach((shift, s) => {
    const base = s * statistic.coordinates;
    for (let i = 0; i < statistic.coordinates; i++) if (shift[i]! >= 0) out[base + i] = weighted[shift[i]!]!;
  });
  weighted.fill(0);
  return out;
}

/**
 * This node's shares (degree 2t) of the scores of a probe against rows fromRow ≤ row < toRow of its gallery.
 * @returns rows × shifts, row-major, canonical: the `products` of `compareProtocol`
 */
export function scoreShares(gallery: Gallery, probe: Int16Array, statistic: Statistic, fromRow = 0, toRow = gallery.rows): Uint16Array {
  const probes = shiftedProbes(probe, statistic);
  const shares = gallery.innerProducts(probes, statistic.shifts.length, fromRow, toRow);
  probes.fill(0);
  return shares;
}

/** The same for pairs of shares that are in no gallery: 1:1, or agreement of samples. @returns pairs × shifts */
export function pairScoreShares(kernel: Kernel, pairs: readonly { readonly probe: Int16Array; readonly reference: Int16Array }[], statistic: Statistic): Uint16Array {
  const shifts = statistic.shifts.length;
  const out = new Uint16Array(pairs.length * shifts);
  pairs.forEach(({ probe, reference }, i) => {
    const probes = shiftedProbes(probe, statistic);
    out.set(kernel.innerProducts(probes, shifts, reference, 1, statistic.coordinates, statistic.p), i * shifts);
    probes.fill(0);
  });
  return out;
}

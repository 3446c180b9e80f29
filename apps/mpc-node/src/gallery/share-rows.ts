import { type MatchingEngine } from '@boop/engine';
import { type Kernel } from '@boop/kernels';
import { scoreShares, type Statistic } from '@boop/mpc';

/** Port: where this node's shares of the gallery lie and are multiplied. A row that was appended is in the next products. */
export interface ShareRows {
  append(share: Int16Array): void;
  replace(row: number, share: Int16Array): void;
  /** Shares of degree 2t of the scores of one probe: products[shift·rows + row], canonical. @throws BoopError `service.overloaded` */
  products(probe: Int16Array, fromRow: number, toRow: number): Promise<Uint16Array>;
}

/** In this thread. */
export function localRows(kernel: Kernel, statistic: Statistic): ShareRows {
  const rows = kernel.createGallery(statistic.coordinates, statistic.p);
  return {
    append: (share) => void rows.append(share),
    replace: (row, share) => rows.replace(row, share),
    products: async (probe, fromRow, toRow) => {
      const byRow = scoreShares(rows, probe, statistic, fromRow, toRow);
      const products = byShift(byRow, statistic.shifts.length);
      byRow.fill(0);
      return products;
    },
  };
}

/** products[row·shifts + shift] to products[shift·rows + row]. */
export function byShift(byRow: Uint16Array, shifts: number): Uint16Array {
  const rows = byRow.length / shifts;
  const out = new Uint16Array(byRow.length);
  for (let row = 0, at = 0; row < rows; row++) for (let shift = 0; shift < shifts; shift++, at++) out[shift * rows + row] = byRow[at]!;
  return out;
}

/** In shared memory, multiplied by the engine's threads. */
export function engineRows(engine: MatchingEngine): ShareRows {
  return {
    append: (share) => void engine.gallery.append(share),
    replace: (row, share) => engine.gallery.replace(row, share),
    products: async (probe, fromRow, toRow) => await engine.products(probe, fromRow, toRow),
  };
}

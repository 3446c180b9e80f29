import { type MatchingEngine } from '@boop/engine';
import { type Kernel } from '@boop/kernels';
import { scoreShares, type Statistic } from '@boop/mpc';

/** Port: where this node's shares of the gallery lie and are multiplied. A row that was appended is in the next products. */
export interface ShareRows {
  append(share: Int16Array): void;
  replace(row: number, share: Int16Array): void;
  /** Shares of degree 2t of the scores of one probe: rows × shifts, row-major, canonical. @throws BoopError `service.overloaded` */
  products(probe: Int16Array, fromRow: number, toRow: number): Promise<Uint16Array>;
}

/** In this thread. */
export function localRows(kernel: Kernel, statistic: Statistic): ShareRows {
  const rows = kernel.createGallery(statistic.coordinates, statistic.p);
  return {
    append: (share) => void rows.append(share),
    replace: (row, share) => rows.replace(row, share),
    products: async (probe, fromRow, toRow) => scoreShares(rows, probe, statistic, fromRow, toRow),
  };
}

/** In shared memory, multiplied by the engine's threads. */
export function engineRows(engine: MatchingEngine): ShareRows {
  const { shifts } = engine.gallery;
  return {
    append: (share) => void engine.gallery.append(share),
    replace: (row, share) => engine.gallery.replace(row, share),
    async products(probe, fromRow, toRow) {
      const rows = toRow - fromRow;
      const byShift = await engine.products(probe, fromRow, toRow);
      const out = new Uint16Array(byShift.length);
      for (let shift = 0, at = 0; shift < shifts; shift++) for (let row = 0; row < rows; row++, at++) out[row * shifts + shift] = byShift[at]!;
      byShift.fill(0);
      return out;
    },
  };
}

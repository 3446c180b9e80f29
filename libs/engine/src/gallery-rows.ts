import { type GalleryHandle, type GalleryReader, type Kernel, type PreparedProbe, type ProductPlace } from '@boop/kernels';
import { type Statistic } from '@boop/mpc';
import { BoopError } from '@boop/shared';

/** How a statistic weighs code and mask coordinates. */
export type Weights = Pick<Statistic, 'p' | 'codeCoordinates' | 'alpha' | 'beta'>;

/** A thread's right to read the gallery, and how to weigh probes. */
export interface RowsHandle {
  readonly gallery: GalleryHandle;
  readonly weights: Weights;
}

/** One thread's view of the gallery. */
export interface RowReader {
  /** Rows that can be read now; never shrinks. */
  readonly rows: number;
  readonly rowBytes: number;
  /** Comparisons per probe and row. */
  readonly shifts: number;
  /** @param share balanced residues of one probe. @throws BoopError `share.malformed` */
  prepare(share: Int16Array): PreparedProbe;
  forget(probe: PreparedProbe): void;
  /** Shares of degree 2t of the scores, canonical: out[(probe·shifts + shift)·rows + row]; `place`: of a part of these rows. */
  products(probes: readonly PreparedProbe[], fromRow: number, toRow: number, out: Uint16Array, place?: ProductPlace): void;
}

export const attachRows = (kernel: Kernel, { gallery, weights }: RowsHandle): RowReader => rowReader(kernel.attachGallery(gallery), weights);

export function rowReader(gallery: GalleryReader, weights: Weights): RowReader {
  return {
    shifts: gallery.shifts,
    rowBytes: gallery.rowBytes,
    get rows() {
      return gallery.rows;
    },
    prepare(share) {
      const weighted = weigh(share, weights);
      try {
        return gallery.prepareProbe(weighted);
      } catch (error) {
        throw error instanceof BoopError && error.code === 'kernel.dimensions' ? new BoopError('share.malformed', 'not a share of this statistic') : error;
      } finally {
        weighted.fill(0);
      }
    },
    forget: (probe) => gallery.wipeProbe(probe),
    products: (probes, fromRow, toRow, out, place) => gallery.products(probes, fromRow, toRow, out, place),
  };
}

/** A share with α and −β multiplied in. Linear, so each node does it to its own share. No branch depends on it. */
function weigh(share: Int16Array, { p, codeCoordinates, alpha, beta }: Weights): Int16Array {
  const out = new Int16Array(share.length);
  for (let i = 0; i < share.length; i++) {
    const value = share[i]! * (i < codeCoordinates ? alpha : -beta);
    // p is odd, so no value lies halfway between two multiples.
    out[i] = value - p * Math.round(value / p);
  }
  return out;
}

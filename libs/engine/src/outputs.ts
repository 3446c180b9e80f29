import { type Decision, MatchSums, type Opening } from '@boop/mpc';

/** Opened bits of one block, probe-major, each probe padded to whole 128 rows. */
export interface BlockBits {
  readonly fromRow: number;
  readonly rows: number;
  readonly words: Uint32Array;
}

/** {@link MatchSums} between threads. */
export interface SumsRecord {
  readonly words: Uint32Array;
  readonly ranges: MatchSums['ranges'];
}

/** Uses the sums up. */
export const exportSums = (sums: MatchSums): SumsRecord => ({ ranges: [...sums.ranges], words: sums.consume() });

/** The sums of several shards, added up. */
export function importSums(probes: number, opening: Opening, records: readonly SumsRecord[]): MatchSums {
  const total = new MatchSums(probes, opening);
  for (const { words, ranges } of records) {
    const zeros = new Uint32Array(words.length);
    ranges.forEach((range, at) => total.include(range, at === 0 ? words : zeros));
    words.fill(0);
  }
  return total;
}

/** What comes out of a shard's task; fit for structured cloning. */
export type TaskOutput =
  | { readonly kind: 'agreed' }
  | { readonly kind: 'stocked' }
  | { readonly kind: 'sums'; readonly sums: SumsRecord }
  | { readonly kind: 'bits'; readonly blocks: readonly BlockBits[] }
  /** products[(probe·shifts + shift)·rows + row]; its memory changes hands. */
  | { readonly kind: 'products'; readonly products: Uint16Array<ArrayBuffer> }
  | { readonly kind: 'decisions'; readonly decisions: readonly Decision[] };

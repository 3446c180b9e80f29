import { BoopError } from '@boop/shared';

/**
 * `identify` 1:N, exactly one of none, one row, several; `any` OR over everything (1:1, de-duplication); `all` every row
 * matches at some shift (agreement of samples).
 */
export type Opening = 'identify' | 'any' | 'all';

export type Decision =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly row: number }
  | { readonly kind: 'several' }
  | { readonly kind: 'bit'; readonly bit: boolean };

/** Rows of one gallery that a block compared. */
export interface RowRange {
  readonly firstRow: number;
  readonly rows: number;
}

/** Bits of a random coefficient: what should be seen is missed with probability 2^−64. */
export const COMBINATION_BITS = 64;
const WORDS = COMBINATION_BITS / 32;

/**
 * One member's summands of Σ bᵢρᵢ and (for `identify`) Σ bᵢρᵢ·label(row i) in GF(2^64), per probe, for secret uniform ρᵢ: additive, so sums of
 * several blocks of one gallery add up, and worth nothing without the other members'. Opened by `openMatches`, once. Prints as `[secret]`.
 */
export class MatchSums {
  readonly probes: number;
  readonly opening: Opening;
  readonly #words: Uint32Array;
  readonly #ranges: RowRange[] = [];
  #opened = false;

  constructor(probes: number, opening: Opening) {
    this.probes = probes;
    this.opening = opening;
    this.#words = new Uint32Array(probes * this.wordsPerProbe);
  }

  get wordsPerProbe(): number {
    return this.opening === 'identify' ? 2 * WORDS : WORDS;
  }

  get ranges(): readonly RowRange[] {
    return this.#ranges;
  }

  /** Adds what one block contributes: `words` are `wordsPerProbe` per probe. */
  include(range: RowRange, words: Uint32Array): void {
    const overlaps = this.#ranges.some(({ firstRow, rows }) => range.firstRow < firstRow + rows && firstRow < range.firstRow + range.rows);
    if (overlaps || words.length !== this.#words.length) throw new BoopError('comparison.input', 'blocks of one run have rows of their own', { kind: 'fatal' });
    this.#ranges.push(range);
    words.forEach((word, i) => (this.#words[i]! ^= word));
  }

  /** Adds the sums of other blocks of the same probes; those are used up. */
  add(other: MatchSums): void {
    if (other.probes !== this.probes || other.opening !== this.opening) throw new BoopError('comparison.input', 'sums of another run', { kind: 'fatal' });
    const [first, ...more] = other.ranges;
    const words = other.consume();
    if (!first) return;
    this.include(first, words);
    words.fill(0);
    for (const range of more) this.include(range, words);
  }

  /** The words, once: BoopError `comparison.reused`; two openings of one sum under different masks would still open the same, but a sum is one decision. */
  consume(): Uint32Array {
    if (this.#opened) throw new BoopError('comparison.reused', 'a sum is opened once', { kind: 'fatal' });
    this.#opened = true;
    const words = this.#words.slice();
    this.#words.fill(0);
    return words;
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}

import { type BitsPair, type BooleanEngine } from './boolean-engine.ts';
import { type CorrelationLanes } from './correlation-batch.ts';
import { digitWidths } from './correlations.ts';
import { type SharedBits, wordsFor, zeroBits } from './shared-bits.ts';

/** Ends of the interval of r that accepts, in 1…p, and whether membership is inverted. */
export interface IntervalEnds {
  readonly a: number;
  readonly b: number;
  readonly wraps: boolean;
}

/**
 * S ∈ [θ, scoreMax] for c = S + r means r ∈ [c − scoreMax, c − θ] cyclically, or [r < b] ⊕ [r < a] ⊕ (a > b) with
 * a = c − scoreMax and b = c − θ + 1. Over 8191 zero has two words, 0 and 8191; with both ends in 1…p either word of r
 * compares alike.
 */
export function intervalEnds(p: number, c: number, theta: number, scoreMax: number): IntervalEnds {
  const start = (((c - scoreMax) % p) + p) % p;
  const end = (((c - theta + 1) % p) + p) % p;
  return { a: start === 0 ? p : start, b: end === 0 ? p : end, wraps: start > end !== (start === 0) !== (end === 0) };
}

/** [r < a] = [high < a_high] ⊕ [high = a_high]·[low < a_low]; only the products need a round. */
export interface IntervalShares {
  readonly linear: SharedBits;
  readonly products: readonly BitsPair[];
}

/**
 * Local part of the interval test over consecutive lanes: public c against the one-hot shares of r. Lanes beyond
 * opened.length come out as shares of 0. Cost: six table look-ups per lane and held component, at public addresses.
 */
export function intervalTest(engine: BooleanEngine, p: number, opened: Uint16Array, theta: number, scoreMax: number, slices: readonly CorrelationLanes[]): IntervalShares {
  const words = wordsFor(opened.length);
  const held = engine.replication.held.length;
  const [linear, equalA, lowA, equalB, lowB] = Array.from({ length: 5 }, () => zeroBits(held, words)) as [Uint32Array[], Uint32Array[], Uint32Array[], Uint32Array[], Uint32Array[]];
  const wraps = new Uint32Array(words);
  const [lowWidth] = digitWidths(p);
  let first = 0;
  for (const slice of slices) {
    const lanes = Math.min(slice.lanes, opened.length - first);
    for (let lane = 0; lane < lanes; lane++) {
      const ends = intervalEnds(p, opened[first + lane]!, theta, scoreMax);
      const word = (first + lane) >>> 5;
      const at = lane & 31;
      if (ends.wraps) wraps[word]! |= 1 << at;
      for (let c = 0; c < held; c++) {
        const table = slice.prefixes[c]!;
        const below = (digit: number, v: number): number => lookUp(table, slice.lanes >>> 5, lowWidth, digit, v, lane);
        const [highA, highB] = [ends.a >>> lowWidth, ends.b >>> lowWidth];
        const [belowA, belowB] = [below(1, highA), below(1, highB)];
        linear[c]![word]! |= (belowA ^ belowB) << at;
        equalA[c]![word]! |= (belowA ^ below(1, highA + 1)) << at;
        equalB[c]![word]! |= (belowB ^ below(1, highB + 1)) << at;
        lowA[c]![word]! |= below(0, ends.a & ((1 << lowWidth) - 1)) << at;
        lowB[c]![word]! |= below(0, ends.b & ((1 << lowWidth) - 1)) << at;
      }
    }
    first += lanes;
  }
  return { linear: engine.xorPublic(linear, wraps), products: [[equalA, lowA], [equalB, lowB]] };
}

/** The bit [digit < v] of a lane. Slices start at 32-aligned lanes, so lane and word positions agree. */
function lookUp(table: Uint32Array, words: number, lowWidth: number, digit: number, v: number, lane: number): number {
  if (v === 0) return 0;
  const row = digit === 0 ? v - 1 : (1 << lowWidth) + v - 1;
  return (table[row * words + (lane >>> 5)]! >>> (lane & 31)) & 1;
}

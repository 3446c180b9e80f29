import { type Adder } from './modular-adders.ts';

export type BackEndName = 'one-hot' | 'digits' | 'bit-sliced';

/**
 * One way to test a shared r against public interval ends: r is cut into digits, of each of which the bits [digit < v] for v = 1 … 2^width − 1
 * are shared ahead; online they are looked up at public addresses and joined by a tree of ANDs. Few wide digits take few rounds and
 * large tables, single bits the reverse (MATCHING: one-hot, digits, bit-sliced).
 */
export interface ComparisonBackEnd {
  readonly name: BackEndName;
  /** Widths in bits, lowest digit first; they sum to the bits of p − 1. */
  digitWidths(p: number): readonly number[];
  /** Shared bits per lane that a correlation keeps. */
  tableRows(p: number): number;
  /** Rounds of `offlineBlock`. */
  offlineRounds(p: number, threshold: number, adder: Adder): number;
  /** Rounds of `onlineBlock` with the OR form `sum`: c, the levels of the tree. */
  onlineRounds(p: number): number;
  /** Bits that a member sends per lane ahead, mean over the members; without wide holders the same. */
  offlineBits(p: number, threshold: number, adder: Adder): number;
  /** Bits that a member sends per lane up to the shared bit. */
  onlineBits(p: number, threshold: number): number;
}

const fieldBits = (p: number): number => (p === 8191 ? 13 : 16);

function backEnd(name: BackEndName, widthsOf: (bits: number) => number[]): ComparisonBackEnd {
  const widths = (p: number): number[] => widthsOf(fieldBits(p));
  const levels = (p: number): number => Math.ceil(Math.log2(widths(p).length));
  return Object.freeze({
    name,
    digitWidths: widths,
    tableRows: (p: number) => widths(p).reduce((rows, width) => rows + 2 ** width - 1, 0),
    offlineRounds: (p: number, threshold: number, adder: Adder) => 1 + adderCost(p, threshold, adder).rounds + Math.ceil(Math.log2(Math.max(...widths(p)))),
    onlineRounds: (p: number) => 1 + levels(p),
    offlineBits: (p: number, threshold: number, adder: Adder) => {
      const units = widths(p).reduce((ands, width) => ands + 2 ** width - width - 1, 0);
      return threshold * (adderCost(p, threshold, adder).ands + units + (fieldBits(p) * threshold) / (2 * threshold + 1));
    },
    onlineBits: (p: number, threshold: number) => 2 * threshold * fieldBits(p) + threshold * treeAnds(widths(p).length),
  });
}

export const backEnds: Readonly<Record<BackEndName, ComparisonBackEnd>> = Object.freeze({
  'one-hot': backEnd('one-hot', (bits) => [bits >> 1, bits - (bits >> 1)]),
  digits: backEnd('digits', (bits) => (bits === 13 ? [4, 3, 3, 3] : [4, 4, 4, 4])),
  'bit-sliced': backEnd('bit-sliced', (bits) => new Array<number>(bits).fill(1)),
});

/** Re-shared bits of both interval ends together; the last level is one bit for both. */
function treeAnds(digits: number): number {
  let ands = 1;
  for (let left = digits; left > 2; left = Math.ceil(left / 2)) {
    const pairs = left >> 1;
    // The pair that holds the lowest digit needs no "equal".
    const lowestInPair = left % 2 === 0;
    ands += 2 * (2 * pairs - (lowestInPair ? 1 : 0));
  }
  return ands;
}

/** ANDs per lane and rounds of `sumModulo` over t + 1 numbers. */
function adderCost(p: number, threshold: number, adder: Adder): { ands: number; rounds: number } {
  const bits = fieldBits(p);
  const levels = Math.ceil(Math.log2(bits));
  if (p === 8191) {
    const saves = threshold - 1;
    const last = adder === 'ripple' ? { ands: 2 * bits - 1, rounds: 2 * bits - 1 } : { ands: bits + prefixAnds(bits, true) + bits - 1, rounds: levels + 2 };
    return { ands: saves * bits + last.ands, rounds: saves + last.rounds };
  }
  const one = adder === 'ripple' ? { ands: 2 * bits - 1, rounds: 2 * bits - 1 } : { ands: bits + prefixAnds(bits, false) + 12 + prefixAnds(bits - 1, false), rounds: 2 + 2 * levels };
  return { ands: threshold * one.ands, rounds: threshold * one.rounds };
}

function prefixAnds(count: number, withAll: boolean): number {
  let ands = 0;
  for (let d = 1; d < count; d *= 2) for (let k = 0; k < count; k++) if (k & d) ands += 1 + (withAll || k - (k % d) - 1 >= d ? 1 : 0);
  return ands;
}

import { ProtocolAbort } from '@boop/shared';
import { type BooleanEngine, type OpeningRecorder, orTree, type Rounds } from './boolean-engine.ts';
import { concatBits, extractBits, padBits, parity, type SharedBits, wordsFor, xorBits } from './shared-bits.ts';

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

/** Bits of the combination that shows whether any two rows matched: it misses with probability 2^−40. */
const COMBINATION_BITS = 40;

/**
 * From the shared bit of every lane (shift-major: lane = shift·rows + row) to the one opened decision. The rows' own bits
 * are never opened. Rounds: ⌈log2 shifts⌉ + ⌈log2 rows⌉ + 1, and one more for `identify` unless several matched.
 */
export function* decide(engine: BooleanEngine, bits: SharedBits, rows: number, shifts: number, opening: Opening, onOpen?: OpeningRecorder): Rounds<Decision> {
  if (opening === 'any') return yield* openBit(engine, yield* orLanes(engine, bits, rows * shifts), false, onOpen);
  const perShift = Array.from({ length: shifts }, (_, shift) => extractBits(bits, shift * rows, rows));
  const matches = yield* orTree(engine, perShift);
  if (opening === 'identify') return yield* identify(engine, matches, rows, onOpen);
  const misses = extractBits(engine.not(matches), 0, rows);
  return yield* openBit(engine, yield* orLanes(engine, misses, rows), true, onOpen);
}

/** OR of the first `count` lanes, in lane 0, by halving. */
function* orLanes(engine: BooleanEngine, bits: SharedBits, count: number): Rounds<SharedBits> {
  let left = bits;
  for (let n = count; n > 1; n = Math.ceil(n / 2)) {
    const [low, high] = halves(left, n);
    const [both] = (yield* engine.and([[low, high]])) as [SharedBits];
    left = xorBits(xorBits(low, high), both);
  }
  return left;
}

/** Lanes [0, ⌈n/2⌉) and [⌈n/2⌉, n), the second padded with zero lanes. */
function halves(bits: SharedBits, n: number): [SharedBits, SharedBits] {
  const half = Math.ceil(n / 2);
  return [extractBits(bits, 0, half), padBits(extractBits(bits, half, n - half), wordsFor(half))];
}

function* openBit(engine: BooleanEngine, bit: SharedBits, inverted: boolean, onOpen?: OpeningRecorder): Rounds<Decision> {
  const summand = new Uint32Array(1);
  engine.addLinear(summand, extractBits(bit, 0, 1));
  const opened = (yield* engine.open(summand, 1))[0]!;
  onOpen?.('bit', [opened]);
  return { kind: 'bit', bit: (opened === 1) !== inverted };
}

function* identify(engine: BooleanEngine, matches: SharedBits, rows: number, onOpen?: OpeningRecorder): Rounds<Decision> {
  // Two matches meet somewhere in the halving tree as a pair that is set on both sides.
  const overlaps: SharedBits[] = [];
  let left = matches;
  for (let n = rows; n > 1; n = Math.ceil(n / 2)) {
    const [low, high] = halves(left, n);
    const [both] = (yield* engine.and([[low, high]])) as [SharedBits];
    overlaps.push(both);
    left = xorBits(xorBits(low, high), both);
  }
  if (overlaps.length > 0 && (yield* anyOf(engine, concatBits(overlaps), onOpen))) return { kind: 'several' };
  // At most one row matched, so the XOR of the numbers (row + 1) of all matches is that number, or 0.
  const width = 32 - Math.clz32(rows);
  const summand = new Uint32Array(wordsFor(width));
  for (let k = 0; k < width; k++) {
    const numbers = new Uint32Array(wordsFor(rows));
    for (let row = 0; row < rows; row++) numbers[row >>> 5]! |= (((row + 1) >>> k) & 1) << (row & 31);
    const term = new Uint32Array(numbers.length);
    engine.addLinear(term, matches);
    summand[k >>> 5]! |= parity(term.map((word, i) => word & numbers[i]!)) << (k & 31);
  }
  const slot = (yield* engine.open(summand, width))[0]!;
  onOpen?.('slot', [slot]);
  if (slot > rows) throw new ProtocolAbort('comparison.inconsistent', 'the opened slot is no row');
  return slot === 0 ? { kind: 'none' } : { kind: 'one', row: slot - 1 };
}

/** Whether any bit is set: opens Σ bᵢρᵢ for secret uniform ρᵢ in GF(2^40), which is uniform where one is. One round. */
function* anyOf(engine: BooleanEngine, bits: SharedBits, onOpen?: OpeningRecorder): Rounds<boolean> {
  const summand = new Uint32Array(wordsFor(COMBINATION_BITS));
  const term = new Uint32Array(bits[0]!.length);
  for (let k = 0; k < COMBINATION_BITS; k++) {
    term.fill(0);
    engine.addProduct(term, 0, [bits, engine.random(term.length)]);
    summand[k >>> 5]! |= parity(term) << (k & 31);
  }
  const combination = yield* engine.open(summand, COMBINATION_BITS);
  onOpen?.('several', combination);
  return combination.some((word) => word !== 0);
}

import { type BitsPair, type BooleanEngine, type Rounds, type SharedBits } from './boolean-engine.ts';

/** A number per lane: its bits, least significant first. */
export type SharedNumber = readonly SharedBits[];

/** Carries bit by bit (fewest bytes) or by a parallel prefix (fewest rounds). */
export type Adder = 'ripple' | 'log';

/** What a dealt number is raised by before it enters {@link sumModulo}. */
export const dealtOffset = (p: number): number => (p === 8191 ? 0 : COMPLEMENT);

const COMPLEMENT = 15; // 2^16 − 65521

/**
 * Sum modulo p of `plain` and of further numbers that come raised by {@link dealtOffset}; all below p before that. Over 8191 the result may be
 * the word 8191 for zero (it has two words there); over 65521 it is canonical.
 */
export function* sumModulo(engine: BooleanEngine, p: number, plain: SharedNumber, raised: readonly SharedNumber[], bytes: number, adder: Adder): Rounds<SharedNumber> {
  if (p === 8191) return yield* sumMersenne(engine, [plain, ...raised], bytes, adder);
  let sum = plain;
  for (const number of raised) sum = yield* addRaised(engine, sum, number, bytes, adder);
  return sum;
}

/** Carry-save down to two numbers, one round each, then one addition with end-around carry. */
function* sumMersenne(engine: BooleanEngine, numbers: readonly SharedNumber[], bytes: number, adder: Adder): Rounds<SharedNumber> {
  let left = [...numbers];
  while (left.length > 2) left = [...(yield* carrySave(engine, left[0]!, left[1]!, left[2]!, bytes)), ...left.slice(3)];
  return yield* (adder === 'ripple' ? endAroundRipple : endAroundPrefix)(engine, left[0]!, left[1]!, bytes);
}

/** x + y + z = sum + carry modulo 2^n − 1: the carry word is rotated by one bit. majority = ((x ⊕ z)(y ⊕ z)) ⊕ z. */
function* carrySave(engine: BooleanEngine, x: SharedNumber, y: SharedNumber, z: SharedNumber, bytes: number): Rounds<SharedNumber[]> {
  const products = yield* engine.and(x.map((bit, k): BitsPair => [engine.xor(bit, z[k]!, bytes), engine.xor(y[k]!, z[k]!, bytes)]), bytes);
  const sum = x.map((bit, k) => engine.xor(engine.xor(bit, y[k]!, bytes), z[k]!, bytes));
  const carry = products.map((product, k) => engine.xor(product, z[k]!, bytes));
  return [sum, [carry[carry.length - 1]!, ...carry.slice(0, -1)]];
}

/** 2n − 1 ANDs and rounds. */
function* endAroundRipple(engine: BooleanEngine, x: SharedNumber, y: SharedNumber, bytes: number): Rounds<SharedNumber> {
  const { sum, carry } = yield* ripple(engine, x, y, bytes, true);
  const out = sum.map(() => engine.newBits(bytes));
  const moving = carry!;
  for (let k = 0; k < sum.length; k++) {
    engine.xorInto(out[k]!, sum[k]!, moving, undefined, bytes);
    // After a carry out the sum is at most 2^n − 2, so the last position absorbs it.
    if (k + 1 === sum.length) break;
    const mark = engine.arena.mark();
    const [product] = (yield* engine.and([[sum[k]!, moving]], bytes)) as [SharedBits];
    engine.xorInto(moving, product, engine.zero, undefined, bytes);
    engine.arena.release(mark);
  }
  return out;
}

/** The carry into bit k is G(k−1…0) ⊕ P(k−1…0)·G(n−1…0): where all positions propagate there is none, and zero shows as 2^n − 1. ⌈log2 n⌉ + 2 rounds. */
function* endAroundPrefix(engine: BooleanEngine, x: SharedNumber, y: SharedNumber, bytes: number): Rounds<SharedNumber> {
  const half = x.map((bit, k) => engine.xor(bit, y[k]!, bytes));
  const generated = yield* engine.and(x.map((bit, k): BitsPair => [bit, y[k]!]), bytes);
  const { g, p } = yield* prefixes(engine, generated, half, bytes, true);
  const out = g[g.length - 1]!;
  const around = yield* engine.and(p.slice(0, -1).map((all): BitsPair => [all!, out]), bytes);
  return half.map((bit, k) => (k === 0 ? engine.xor(bit, out!, bytes) : engine.xor3(bit, g[k - 1]!, around[k - 1]!, bytes)));
}

/** x + y modulo 65521 for y that comes raised by 15: below 2^16 nothing was to be reduced, and p = 2^16 − 15 added modulo 2^16 takes the 15 back. */
function* addRaised(engine: BooleanEngine, x: SharedNumber, y: SharedNumber, bytes: number, adder: Adder): Rounds<SharedNumber> {
  const { sum, carry } = yield* (adder === 'ripple' ? ripple : prefixSum)(engine, x, y, bytes, true);
  const below = engine.not(carry!, bytes);
  const back = sum.map((_, k) => (((65521 >> k) & 1) === 1 ? below : undefined));
  return (yield* (adder === 'ripple' ? ripple : prefixSum)(engine, sum, back, bytes, false)).sum;
}

interface Added {
  readonly sum: SharedNumber;
  readonly carry: SharedBits | undefined;
}

type MaybeNumber = readonly (SharedBits | undefined)[];

/** One AND and round per bit; bits that are missing in y are zero. What a step leaves is its bit of the sum and the carry, which is the caller's to write to. */
function* ripple(engine: BooleanEngine, x: SharedNumber, y: MaybeNumber, bytes: number, carryOut: boolean): Rounds<Added> {
  const sum = x.map(() => engine.newBits(bytes));
  const carry = engine.newBits(bytes);
  let known: SharedBits | undefined;
  for (let k = 0; k < x.length; k++) {
    const other = y[k];
    engine.xorInto(sum[k]!, x[k]!, other ?? engine.zero, known, bytes);
    if (k + 1 === x.length && !carryOut) break;
    if (!known && !other) continue;
    const mark = engine.arena.mark();
    const pair: BitsPair = known && other ? [engine.xor(x[k]!, known, bytes), engine.xor(other, known, bytes)] : [x[k]!, (known ?? other)!];
    const [product] = (yield* engine.and([pair], bytes)) as [SharedBits];
    engine.xorInto(carry, product, known && other ? known : engine.zero, undefined, bytes);
    engine.arena.release(mark);
    known = carry;
  }
  return { sum, carry: known };
}

/** The same in ⌈log2 n⌉ + 1 rounds. */
function* prefixSum(engine: BooleanEngine, x: SharedNumber, y: MaybeNumber, bytes: number, carryOut: boolean): Rounds<Added> {
  const count = carryOut ? x.length : x.length - 1;
  const half = x.map((bit, k) => (y[k] ? engine.xor(bit, y[k]!, bytes) : bit));
  const both = x.flatMap((bit, k): BitsPair[] => (k < count && y[k] ? [[bit, y[k]!]] : []));
  const products = yield* engine.and(both, bytes);
  let at = 0;
  const generated = half.slice(0, count).map((_, k) => (y[k] ? products[at++]! : engine.zero));
  const { g } = yield* prefixes(engine, generated, half.slice(0, count), bytes, false);
  return { sum: half.map((bit, k) => (k === 0 ? bit : engine.xor(bit, g[k - 1]!, bytes))), carry: carryOut ? g[count - 1] : undefined };
}

/** Sklansky's network: generate and (where wanted) propagate of all positions k…0. One round per level. */
function* prefixes(engine: BooleanEngine, generated: readonly SharedBits[], propagated: readonly SharedBits[], bytes: number, withAll: boolean): Rounds<{ g: SharedBits[]; p: (SharedBits | undefined)[] }> {
  const g = [...generated];
  const p: (SharedBits | undefined)[] = [...propagated];
  for (let d = 1; d < g.length; d *= 2) {
    const nodes = g.map((_, k) => k).filter((k) => (k & d) !== 0);
    const lower = (k: number): number => k - (k % d) - 1;
    const spans = nodes.filter((k) => withAll || lower(k) >= d);
    const results = yield* engine.and([...nodes.map((k): BitsPair => [p[k]!, g[lower(k)]!]), ...spans.map((k): BitsPair => [p[k]!, p[lower(k)]!])], bytes);
    nodes.forEach((k, i) => (g[k] = engine.xor(g[k]!, results[i]!, bytes)));
    spans.forEach((k, i) => (p[k] = results[nodes.length + i]!));
  }
  return { g, p };
}

import { type BitsPair, type BooleanEngine, type Rounds } from './boolean-engine.ts';
import { type SharedBits, xorBits } from './shared-bits.ts';

/** A number per lane: its bits, least significant first. */
export type SharedNumber = readonly SharedBits[];

/**
 * Sum modulo p of shared numbers, p = 8191 or 65521. Over 8191 the result may be the word 8191 for zero (it has two
 * words there); over 65521 it is canonical. Operands below p; 8191 itself is accepted too.
 */
export function sumModulo(engine: BooleanEngine, p: number, numbers: readonly SharedNumber[]): Rounds<SharedNumber> {
  return p === 8191 ? sumMersenne(engine, numbers) : sumPairwise(engine, numbers);
}

/** Carry-save down to two numbers (one round per level), then a ripple adder with end-around carry (2·13 − 1 rounds). */
function* sumMersenne(engine: BooleanEngine, numbers: readonly SharedNumber[]): Rounds<SharedNumber> {
  let left = [...numbers];
  while (left.length > 2) {
    const triples: SharedNumber[][] = [];
    for (; left.length >= 3; left = left.slice(3)) triples.push(left.slice(0, 3));
    left = [...(yield* carrySave(engine, triples)), ...left];
  }
  return left.length === 2 ? yield* addEndAround(engine, left[0]!, left[1]!) : left[0]!;
}

/** x + y + z = sum + carry modulo 2^n − 1: the carry word is rotated by one bit. majority = ((x ⊕ z)(y ⊕ z)) ⊕ z. */
function* carrySave(engine: BooleanEngine, triples: readonly (readonly SharedNumber[])[]): Rounds<SharedNumber[]> {
  const pairs = triples.flatMap(([x, y, z]) => x!.map((bit, k): BitsPair => [xorBits(bit, z![k]!), xorBits(y![k]!, z![k]!)]));
  const products = yield* engine.and(pairs);
  let at = 0;
  return triples.flatMap(([x, y, z]) => {
    const sum = x!.map((bit, k) => xorBits(xorBits(bit, y![k]!), z![k]!));
    const carry = x!.map((_, k) => xorBits(products[at + k]!, z![k]!));
    at += x!.length;
    return [sum, [carry[carry.length - 1]!, ...carry.slice(0, -1)]];
  });
}

function* addEndAround(engine: BooleanEngine, x: SharedNumber, y: SharedNumber): Rounds<SharedNumber> {
  const [{ sum, carry }] = (yield* ripple(engine, [[x, y]])) as [Added];
  const out: SharedBits[] = [];
  let moving = carry;
  for (let k = 0; k < sum.length; k++) {
    out.push(xorBits(sum[k]!, moving));
    // After a carry out the sum is at most 2^n − 2, so the last position absorbs it.
    if (k + 1 < sum.length) [moving] = (yield* engine.and([[sum[k]!, moving]])) as [SharedBits];
  }
  return out;
}

interface Added {
  readonly sum: SharedNumber;
  readonly carry: SharedBits;
}

/** Several additions side by side; one round per bit. */
function* ripple(engine: BooleanEngine, operands: readonly (readonly [SharedNumber, SharedNumber])[]): Rounds<Added[]> {
  const sums: SharedBits[][] = operands.map(() => []);
  let carries: SharedBits[] | undefined;
  for (let k = 0; k < operands[0]![0].length; k++) {
    const known = carries;
    const pairs = operands.map(([x, y], i): BitsPair => (known ? [xorBits(x[k]!, known[i]!), xorBits(y[k]!, known[i]!)] : [x[k]!, y[k]!]));
    const products = yield* engine.and(pairs);
    operands.forEach(([x, y], i) => {
      const half = xorBits(x[k]!, y[k]!);
      sums[i]!.push(known ? xorBits(half, known[i]!) : half);
    });
    carries = products.map((product, i) => (known ? xorBits(product, known[i]!) : product));
  }
  return sums.map((sum, i) => ({ sum, carry: carries![i]! }));
}

function* sumPairwise(engine: BooleanEngine, numbers: readonly SharedNumber[]): Rounds<SharedNumber> {
  let left = numbers;
  while (left.length > 1) {
    const operands: [SharedNumber, SharedNumber][] = [];
    for (let i = 0; i + 1 < left.length; i += 2) operands.push([left[i]!, left[i + 1]!]);
    const sums = yield* addModulo65521(engine, operands);
    left = left.length % 2 === 1 ? [...sums, left[left.length - 1]!] : sums;
  }
  return left[0]!;
}

const COMPLEMENT = 15; // 2^16 − 65521

/** x + y if below p, else the low 16 bits of x + y + 15, which then passes 2^16. */
function* addModulo65521(engine: BooleanEngine, operands: readonly (readonly [SharedNumber, SharedNumber])[]): Rounds<SharedNumber[]> {
  const plain = (yield* ripple(engine, operands)).map(({ sum, carry }) => [...sum, carry]);
  const raised: SharedBits[][] = plain.map(() => []);
  let carries: SharedBits[] | undefined;
  for (let k = 0; k < 17; k++) {
    const known = carries;
    const addsOne = ((COMPLEMENT >> k) & 1) === 1;
    plain.forEach((sum, i) => {
      const bit = addsOne ? engine.not(sum[k]!) : sum[k]!;
      raised[i]!.push(known ? xorBits(bit, known[i]!) : bit);
    });
    if (!known) {
      carries = plain.map((sum) => sum[0]!);
      continue;
    }
    if (k === 16) break;
    const both = yield* engine.and(plain.map((sum, i): BitsPair => [sum[k]!, known[i]!]));
    carries = plain.map((sum, i) => (addsOne ? xorBits(xorBits(sum[k]!, known[i]!), both[i]!) : both[i]!));
  }
  const differences = plain.flatMap((sum, i) => sum.slice(0, 16).map((bit, k): BitsPair => [raised[i]![16]!, xorBits(bit, raised[i]![k]!)]));
  const chosen = yield* engine.and(differences);
  return plain.map((sum, i) => sum.slice(0, 16).map((bit, k) => xorBits(bit, chosen[i * 16 + k]!)));
}

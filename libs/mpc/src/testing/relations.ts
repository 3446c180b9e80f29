// Looking up a global is slow where tests run, in a context of their own.
const { clz32, imul } = Math;

/** A bit per lane. */
export type BitColumn = Uint32Array;

/** Rank over GF(2) of columns and the constant 1: an affine relation that holds in every lane lowers it. */
export function affineRankOfBits(columns: readonly BitColumn[]): number {
  const words = columns[0]!.length;
  const basis: (BitColumn | undefined)[] = new Array<BitColumn | undefined>(32 * words).fill(undefined);
  let rank = 0;
  for (const column of [new Uint32Array(words).fill(0xffffffff), ...columns]) {
    const rest = column.slice();
    for (let word = 0; word < words; word++) {
      while (rest[word] !== 0) {
        const lead = 32 * word + 31 - clz32(rest[word]!);
        const reducer = basis[lead];
        if (!reducer) {
          basis[lead] = rest;
          rank += 1;
          break;
        }
        for (let i = word; i < words; i++) rest[i]! ^= reducer[i]!;
      }
      if (rest[word] !== 0) break;
    }
  }
  return rank;
}

/** The same over F_p. */
export function affineRankOfResidues(p: number, columns: readonly Uint16Array[]): number {
  const lanes = columns[0]!.length;
  const basis = new Map<number, Uint16Array>();
  for (const column of [new Uint16Array(lanes).fill(1), ...columns]) {
    const rest = column.slice();
    for (let lane = 0; lane < lanes; lane++) {
      const lead = rest[lane]!;
      if (lead === 0) continue;
      const reducer = basis.get(lane);
      if (!reducer) {
        const inverse = power(lead, p - 2, p);
        basis.set(lane, rest.map((value) => (value * inverse) % p));
        break;
      }
      for (let i = lane; i < lanes; i++) rest[i] = (rest[i]! + (p - lead) * reducer[i]!) % p;
    }
  }
  return basis.size;
}

function power(base: number, exponent: number, p: number): number {
  let [result, square] = [1, base];
  for (let left = exponent; left > 0; left >>>= 1) {
    if (left & 1) result = (result * square) % p;
    square = (square * square) % p;
  }
  return result;
}

/** Largest |z| of the XOR of each of `tested` with each of `others`, and of itself, against fair bits. */
export function largestBias(tested: readonly BitColumn[], others: readonly BitColumn[]): number {
  const { length } = tested[0]!;
  const zero = new Uint32Array(length);
  const lanes = 32 * length;
  let most = 0;
  tested.forEach((column, at) => {
    for (const other of [zero, ...others, ...tested.slice(at + 1)]) most = Math.max(most, Math.abs(2 * ones(column, other) - lanes) / Math.sqrt(lanes));
  });
  return most;
}

function ones(a: BitColumn, b: BitColumn): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) {
    let word = a[i]! ^ b[i]!;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}

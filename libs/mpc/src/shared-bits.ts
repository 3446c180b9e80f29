/**
 * A vector of bits shared over GF(2), one member's part: per held component one array of 32-bit words, lane i in bit
 * i mod 32 of word ⌊i/32⌋. The secret is the XOR of all components. Linear operations are local and need no randomness.
 */
export type SharedBits = readonly Uint32Array[];

export const wordsFor = (bits: number): number => (bits + 31) >>> 5;

export const zeroBits = (components: number, words: number): Uint32Array[] => Array.from({ length: components }, () => new Uint32Array(words));

export function xorBits(a: SharedBits, b: SharedBits): SharedBits {
  return a.map((x, c) => xorWords(x, b[c]!));
}

export function xorWords(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! ^ b[i]!;
  return out;
}

export function xorInto(target: Uint32Array, source: Uint32Array): void {
  for (let i = 0; i < target.length; i++) target[i]! ^= source[i]!;
}

/** `count` bits from bit `from` on, moved to bit 0; bits beyond `count` in the last word are zero, missing source words too. */
export function extractWords(source: Uint32Array, from: number, count: number): Uint32Array {
  const out = new Uint32Array(wordsFor(count));
  const first = from >>> 5;
  const shift = from & 31;
  for (let i = 0; i < out.length; i++) {
    const low = (source[first + i] ?? 0) >>> shift;
    out[i] = shift === 0 ? low : low | ((source[first + i + 1] ?? 0) << (32 - shift));
  }
  if (count & 31) out[out.length - 1]! &= 2 ** (count & 31) - 1;
  return out;
}

export const extractBits = (source: SharedBits, from: number, count: number): SharedBits => source.map((words) => extractWords(words, from, count));

/** The same bits with zero words behind, up to `words`. */
export function padBits(source: SharedBits, words: number): SharedBits {
  return source.map((from) => {
    const out = new Uint32Array(words);
    out.set(from);
    return out;
  });
}

export function concatBits(parts: readonly SharedBits[]): SharedBits {
  return parts[0]!.map((_, c) => {
    const out = new Uint32Array(parts.reduce((size, part) => size + part[c]!.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part[c]!, at);
      at += part[c]!.length;
    }
    return out;
  });
}

/** XOR of all bits of all words: 0 or 1. */
export function parity(words: Uint32Array): number {
  let folded = 0;
  for (const word of words) folded ^= word;
  folded ^= folded >>> 16;
  folded ^= folded >>> 8;
  folded ^= folded >>> 4;
  return (0x6996 >>> (folded & 15)) & 1;
}

/** Slices of residues: bit k of value i goes to lane i of result k. */
export function bitSlices(values: Uint16Array, width: number): Uint32Array[] {
  const slices = Array.from({ length: width }, () => new Uint32Array(wordsFor(values.length)));
  for (let k = 0; k < width; k++) {
    const slice = slices[k]!;
    for (let i = 0; i < values.length; i++) slice[i >>> 5]! |= ((values[i]! >>> k) & 1) << (i & 31);
  }
  return slices;
}

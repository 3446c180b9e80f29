import { type BitsPair, type BooleanEngine, type Rounds, type SharedBits } from './boolean-engine.ts';
import { type SharedNumber } from './modular-adders.ts';

/**
 * Unit vectors of several k-bit numbers side by side: per number 2^k shared bits of which the one at its value is set.
 * 2^k − k − 1 ANDs each and ⌈log2 k⌉ rounds for all: both halves first, then their outer product without its first row and
 * column, which follow since each half sums to one.
 */
export function* oneHot(engine: BooleanEngine, numbers: readonly SharedNumber[], bytes: number): Rounds<SharedBits[][]> {
  const halves = numbers.flatMap((bits) => (bits.length === 1 ? [] : [bits.slice(0, Math.ceil(bits.length / 2)), bits.slice(Math.ceil(bits.length / 2))]));
  const units = halves.length === 0 ? [] : yield* oneHot(engine, halves, bytes);
  const pairs: BitsPair[] = [];
  for (let i = 0; i < units.length; i += 2) for (const high of units[i + 1]!.slice(1)) for (const low of units[i]!.slice(1)) pairs.push([high, low]);
  const products = pairs.length === 0 ? [] : yield* engine.and(pairs, bytes);
  let unit = 0;
  let product = 0;
  return numbers.map((bits) => {
    if (bits.length === 1) return [engine.not(bits[0]!, bytes), bits[0]!];
    const low = units[unit]!;
    const high = units[unit + 1]!;
    unit += 2;
    const out: SharedBits[] = [...low, ...Array.from({ length: low.length * (high.length - 1) }, () => low[0]!)];
    for (let i = 1; i < high.length; i++) {
      let rest = high[i]!;
      for (let j = 1; j < low.length; j++) {
        const bit = products[product++]!;
        out[i * low.length + j] = bit;
        rest = engine.xor(rest, bit, bytes);
        out[j] = engine.xor(out[j]!, bit, bytes);
      }
      out[i * low.length] = rest;
      out[0] = engine.xor(out[0]!, rest, bytes);
    }
    return out;
  });
}

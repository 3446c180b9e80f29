import { type Field } from './field.ts';

/** Anything that gives fresh uniform bytes: an `Rng`, or a pseudorandom stream. */
export interface ByteSource {
  bytes(count: number): Uint8Array;
}

/**
 * `count` independent uniform residues in [0, p), by rejection: little-endian 16-bit words cut to the bits of p − 1, those
 * ≥ p dropped (so 8191 never comes out for p = 8191; folding it to 0 would leak in every opening). Words left over when
 * `count` is reached are discarded, so equal sources give equal residues for equal sequences of calls.
 */
export function uniformResidues(field: Field, count: number, source: ByteSource): Uint16Array {
  const out = new Uint16Array(count);
  const mask = (1 << field.bits) - 1;
  const p = field.p;
  let filled = 0;
  while (filled < count) {
    const missing = count - filled;
    const bytes = source.bytes(2 * (missing + (missing >> 9) + 8));
    for (let i = 0; i + 1 < bytes.length && filled < count; i += 2) {
      const word = (bytes[i]! | (bytes[i + 1]! << 8)) & mask;
      if (word < p) out[filled++] = word;
    }
    bytes.fill(0);
  }
  return out;
}

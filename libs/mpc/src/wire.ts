import { type Field } from '@boop/field';
import { type PartyId, ProtocolAbort } from '@boop/shared';

const malformed = (from: PartyId): ProtocolAbort => new ProtocolAbort('mpc.malformed-message', 'a message of this round has one length and canonical values', [from]);

/** Splits a message of exactly `count` parts of `size` bytes. */
export function splitParts(payload: Uint8Array, count: number, size: number, from: PartyId): Uint8Array[] {
  if (payload.length !== count * size) throw malformed(from);
  return Array.from({ length: count }, (_, i) => payload.subarray(i * size, (i + 1) * size));
}

/** Bits in 32-bit words to ⌈bits/8⌉ bytes, little-endian, the rest of the last byte zero. */
export function encodeBits(words: Uint32Array, bits: number): Uint8Array {
  const out = new Uint8Array((bits + 7) >> 3);
  for (let i = 0; i < out.length; i++) out[i] = words[i >> 2]! >>> ((i & 3) * 8);
  if (bits & 7) out[out.length - 1]! &= (1 << (bits & 7)) - 1;
  return out;
}

/** Inverse of {@link encodeBits}; another length or a bit set beyond the last aborts and names the sender. */
export function decodeBits(payload: Uint8Array, bits: number, from: PartyId): Uint32Array {
  if (payload.length !== (bits + 7) >> 3 || (bits & 7 && payload[payload.length - 1]! >> (bits & 7))) throw malformed(from);
  const words = new Uint32Array((bits + 31) >> 5);
  for (let i = 0; i < payload.length; i++) words[i >> 2]! |= payload[i]! << ((i & 3) * 8);
  return words;
}

/** Canonical residues at field.bits bits each, least significant bit first. */
export function encodeResidues(field: Field, values: Uint16Array): Uint8Array {
  const out = new Uint8Array(Math.ceil((values.length * field.bits) / 8));
  let pending = 0;
  let held = 0;
  let at = 0;
  for (const value of values) {
    pending |= value << held;
    for (held += field.bits; held >= 8; held -= 8, pending >>>= 8) out[at++] = pending;
  }
  if (held > 0) out[at] = pending;
  return out;
}

/** Inverse of {@link encodeResidues}; another length, a residue ≥ p or a set padding bit aborts and names the sender. */
export function decodeResidues(field: Field, payload: Uint8Array, count: number, from: PartyId): Uint16Array {
  if (payload.length !== Math.ceil((count * field.bits) / 8)) throw malformed(from);
  const out = new Uint16Array(count);
  const mask = (1 << field.bits) - 1;
  let pending = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (; held < field.bits; held += 8) pending |= payload[at++]! << held;
    out[i] = pending & mask;
    if (out[i]! >= field.p) throw malformed(from);
    pending >>>= field.bits;
    held -= field.bits;
  }
  if (pending !== 0) throw malformed(from);
  return out;
}

import { type Field, uniformResidues } from '@boop/field';
import { lengthPrefixed, type PartyId, type Rng, utf8 } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeResidues, encodeResidues } from '../wire.ts';

/** Digests of sub-shares are salted, since what they hide has little entropy when a coalition knows the rest. */
export const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

/**
 * Shares each value anew with a fresh polynomial of degree `threshold`, value by value (Desmedt–Jajodia 1997: a share of a share).
 * The randomness is drawn for this use alone.
 * @returns per receiver its sub-shares: canonical residues, in the order of `values`
 */
export function subShare(field: Field, values: Uint16Array, threshold: number, receivers: readonly PartyId[], rng: Rng): Uint16Array[] {
  const { p } = field;
  const coefficients = uniformResidues(field, values.length * threshold, rng);
  const dealt = receivers.map((point) => {
    const out = new Uint16Array(values.length);
    for (let i = 0; i < out.length; i++) {
      let value = 0;
      for (let degree = threshold - 1; degree >= 0; degree--) value = ((value + coefficients[degree * out.length + i]!) * point) % p;
      out[i] = (value + values[i]!) % p;
    }
    return out;
  });
  coefficients.fill(0);
  return dealt;
}

/** A dealer's message to one receiver: salt ‖ residues at field.bits each. */
export function encodeDealing(field: Field, subShares: Uint16Array, rng: Rng): Uint8Array {
  const packed = encodeResidues(field, subShares);
  const out = new Uint8Array(SALT_BYTES + packed.length);
  out.set(rng.bytes(SALT_BYTES));
  out.set(packed, SALT_BYTES);
  packed.fill(0);
  return out;
}

/** Bytes of {@link encodeDealing} for so many residues. */
export const dealingBytes = (field: Field, count: number): number => SALT_BYTES + Math.ceil((count * field.bits) / 8);

/** Aborts and names the dealer for another length or a residue that is not canonical. */
export const decodeDealing = (field: Field, dealing: Uint8Array, count: number, dealer: PartyId): Uint16Array =>
  decodeResidues(field, dealing.subarray(SALT_BYTES), count, dealer);

/** What a dealer tells everybody about a dealing. */
export function dealingDigest(scope: Uint8Array, dealer: PartyId, receiver: PartyId, dealing: Uint8Array): Uint8Array {
  return sha256(lengthPrefixed(utf8('boop/mpc/resharing/dealing/v1'), scope, Uint8Array.of(dealer, receiver), dealing));
}

export { DIGEST_BYTES };

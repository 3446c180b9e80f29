import { p256, p256_hasher } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, utf8 } from '@boop/shared';

const { Fn, BASE } = p256.Point;
type Element = typeof BASE;

/** RFC 9497 section 3.1: context string of P256-SHA256 in VOPRF mode. */
export const CONTEXT_STRING = concatBytes(utf8('OPRFV1-'), Uint8Array.of(1), utf8('-P256-SHA256'));
const HASH_TO_SCALAR_DST = concatBytes(utf8('HashToScalar-'), CONTEXT_STRING);
const SEED_DST = concatBytes(utf8('Seed-'), CONTEXT_STRING);

/** I2OSP(len, 2) ‖ bytes. */
const prefixed = (bytes: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
const hashToScalar = (...parts: readonly Uint8Array[]): bigint => Fn.create(p256_hasher.hashToScalar(concatBytes(...parts), { DST: HASH_TO_SCALAR_DST }));

/**
 * RFC 9497 section 2.2.2 VerifyProof for one pair: the same scalar links `publicKey` to the base point and `evaluated` to
 * `element`. All inputs are public, so everything runs in variable time, and with s·M + c·Z = (s·d)·C + (c·d)·D only
 * multiplications by the tabulated element and by D are left: about a quarter of what the generic verifier takes.
 * @param element tabulated by its caller (`precompute`), since all proofs over one input share it
 * @param publicKey tabulated likewise: it serves every input
 * @param proof challenge ‖ response, 64 bytes
 * @throws RangeError for scalars that are not canonical
 */
export function verifyDleq(element: Element, publicKey: Element, evaluated: Element, proof: Uint8Array): boolean {
  const challenge = Fn.fromBytes(proof.slice(0, 32));
  const response = Fn.fromBytes(proof.slice(32));
  const key = prefixed(publicKey.toBytes());
  const seed = sha256(concatBytes(key, prefixed(SEED_DST)));
  const d = hashToScalar(prefixed(seed), Uint8Array.of(0, 0), prefixed(element.toBytes()), prefixed(evaluated.toBytes()), utf8('Composite'));
  const m = element.multiplyUnsafe(d);
  const z = evaluated.multiplyUnsafe(d);
  const t2 = BASE.multiplyUnsafe(response).add(publicKey.multiplyUnsafe(challenge));
  const t3 = element.mulAddUnsafe(Fn.mul(response, d), evaluated, Fn.mul(challenge, d));
  const expected = hashToScalar(key, ...[m, z, t2, t3].map((point) => prefixed(point.toBytes())), utf8('Challenge'));
  return equalBytes(Fn.toBytes(expected), Fn.toBytes(challenge));
}

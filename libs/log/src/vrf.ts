import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, equalBytes } from '@boop/shared';

/**
 * ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 section 5.5): for each input one pseudorandom 64-byte output, and a proof under the
 * public key that it is the right one. Try-and-increment takes a time that depends on the input: the prover's inputs must not be
 * secret from whoever can time it.
 */
export const VRF_PROOF_BYTES = 80;
export const VRF_OUTPUT_BYTES = 64;

const { Point } = ed25519;
const { Fn } = Point;
type CurvePoint = InstanceType<typeof Point>;

const SUITE = 0x03;
const COFACTOR = 8n;
const CHALLENGE_BYTES = 16;

const invalidProof = (): BoopError => new BoopError('vrf.invalid-proof', 'not a proof of this output under this key', { kind: 'peer' });

/** Y = x·B of a 32-byte secret key (RFC 8032 section 5.1.5). Throws `vrf.invalid-key`. */
export function vrfPublicKey(secretKey: Uint8Array): Uint8Array {
  return expand(secretKey).point.toBytes();
}

/** RFC 9381 section 5.1. Deterministic; 80 bytes: Γ ‖ c (16) ‖ s (32, little-endian). Throws `vrf.invalid-key`. */
export function vrfProve(secretKey: Uint8Array, alpha: Uint8Array): Uint8Array {
  const { scalar, prefix, point } = expand(secretKey);
  const hashed = encodeToCurve(point.toBytes(), alpha);
  const gamma = hashed.multiply(scalar);
  // Section 5.4.2.2: the nonce of RFC 8032, over the encoded curve point.
  const nonce = Fn.create(littleEndian(sha512(concatBytes(prefix, hashed.toBytes()))));
  const challenge = challengeOf(point, hashed, gamma, Point.BASE.multiply(nonce), hashed.multiply(nonce));
  const response = Fn.add(nonce, Fn.mul(littleEndian(challenge), scalar));
  return concatBytes(gamma.toBytes(), challenge, Fn.toBytes(response));
}

/**
 * RFC 9381 section 5.3, with validation of the key (section 5.4.5): 64-byte output of `alpha`. Variable time: all is public.
 * Throws `vrf.invalid-key`, `vrf.invalid-proof`.
 */
export function vrfVerify(publicKey: Uint8Array, alpha: Uint8Array, proof: Uint8Array): Uint8Array {
  const point = validateKey(publicKey);
  const { gamma, challenge, response } = decodeProof(proof);
  const c = littleEndian(challenge);
  const hashed = encodeToCurve(publicKey, alpha);
  const u = Point.BASE.multiplyUnsafe(response).subtract(point.multiplyUnsafe(c));
  const v = hashed.multiplyUnsafe(response).subtract(gamma.multiplyUnsafe(c));
  if (!equalBytes(challenge, challengeOf(point, hashed, gamma, u, v))) throw invalidProof();
  return outputOf(gamma);
}

/** RFC 9381 section 5.2; only for proofs that were verified or made here. Throws `vrf.invalid-proof`. */
export function vrfProofToHash(proof: Uint8Array): Uint8Array {
  return outputOf(decodeProof(proof).gamma);
}

function expand(secretKey: Uint8Array) {
  if (secretKey.length !== 32) throw invalidKey();
  return ed25519.utils.getExtendedPublicKey(secretKey);
}

const invalidKey = (): BoopError => new BoopError('vrf.invalid-key', 'not a key of the verifiable random function', { kind: 'peer' });

/** Section 5.4.5: keys of small order would make every output the same. */
function validateKey(publicKey: Uint8Array): CurvePoint {
  const point = decodePoint(publicKey);
  if (point === undefined || point.isSmallOrder()) throw invalidKey();
  return point;
}

/** Section 5.4.4. */
function decodeProof(proof: Uint8Array): { gamma: CurvePoint; challenge: Uint8Array; response: bigint } {
  if (proof.length !== VRF_PROOF_BYTES) throw invalidProof();
  const gamma = decodePoint(proof.slice(0, 32));
  const response = littleEndian(proof.slice(32 + CHALLENGE_BYTES));
  if (gamma === undefined || response >= Fn.ORDER) throw invalidProof();
  return { gamma, challenge: proof.slice(32, 32 + CHALLENGE_BYTES), response };
}

/** Section 5.4.1.1; the salt is the public key. A try fails with probability 1/2. */
function encodeToCurve(publicKey: Uint8Array, alpha: Uint8Array): CurvePoint {
  for (let counter = 0; counter < 256; counter++) {
    const digest = sha512(concatBytes(Uint8Array.of(SUITE, 0x01), publicKey, alpha, Uint8Array.of(counter, 0x00)));
    const point = decodePoint(digest.slice(0, 32))?.multiplyUnsafe(COFACTOR);
    if (point !== undefined && !point.is0()) return point;
  }
  throw new BoopError('vrf.no-point', 'no point was found for this input');
}

/** Section 5.4.3. */
function challengeOf(...points: readonly CurvePoint[]): Uint8Array {
  return sha512(concatBytes(Uint8Array.of(SUITE, 0x02), ...points.map((point) => point.toBytes()), Uint8Array.of(0x00))).slice(0, CHALLENGE_BYTES);
}

function outputOf(gamma: CurvePoint): Uint8Array {
  return sha512(concatBytes(Uint8Array.of(SUITE, 0x03), gamma.multiplyUnsafe(COFACTOR).toBytes(), Uint8Array.of(0x00)));
}

/** RFC 8032 section 5.1.3, canonical encodings only. */
function decodePoint(bytes: Uint8Array): CurvePoint | undefined {
  try {
    return bytes.length === 32 ? Point.fromBytes(bytes, false) : undefined;
  } catch {
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

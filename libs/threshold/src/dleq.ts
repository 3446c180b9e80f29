import { mapHashToField } from '@noble/curves/abstract/modular.js';
import { p256, p256_hasher } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, type Rng, utf8 } from '@boop/shared';
import { type GroupArithmetic } from './arithmetic.ts';

const { Fn } = p256.Point;

/** RFC 9497 section 3.1: context string of P256-SHA256 in VOPRF mode. */
export const CONTEXT_STRING = concatBytes(utf8('OPRFV1-'), Uint8Array.of(1), utf8('-P256-SHA256'));
export const DLEQ_PROOF_BYTES = 64;
const HASH_TO_SCALAR_DST = concatBytes(utf8('HashToScalar-'), CONTEXT_STRING);
const SEED_DST = concatBytes(utf8('Seed-'), CONTEXT_STRING);

/** I2OSP(len, 2) ‖ bytes. */
const prefixed = (bytes: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
const hashToScalar = (...parts: readonly Uint8Array[]): bigint => Fn.create(p256_hasher.hashToScalar(concatBytes(...parts), { DST: HASH_TO_SCALAR_DST }));

/** All elements uncompressed, as the arithmetic wants them. */
export interface DleqStatement {
  readonly element: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly evaluated: Uint8Array;
}

/**
 * RFC 9497 section 2.2.1 GenerateProof for one pair: that the secret which links `publicKey` to the base point links `evaluated` to `element`.
 * Cost: 3 multiplications and one of the base.
 * @param secret canonical scalar
 * @returns challenge ‖ response, 64 bytes
 */
export function proveDleq(statement: DleqStatement, secret: Uint8Array, rng: Rng, { p256: curve }: GroupArithmetic): Uint8Array {
  const { m, z } = composites(statement, curve);
  // As noble draws scalars: 48 bytes onto 1 to order − 1.
  const nonce = mapHashToField(rng.bytes(48), Fn.ORDER);
  const challenge = challengeOf(statement.publicKey, [m, z, curve.multiplyBase(nonce), curve.multiply(m, nonce)]);
  const response = Fn.sub(Fn.fromBytes(nonce), Fn.mul(challenge, Fn.fromBytes(secret)));
  nonce.fill(0);
  return concatBytes(Fn.toBytes(challenge), Fn.toBytes(response));
}

/**
 * RFC 9497 section 2.2.2 VerifyProof for one pair. All inputs are public. Cost: 5 multiplications and one of the base.
 * @param proof challenge ‖ response, 64 bytes
 * @throws RangeError for scalars that are zero or not canonical
 */
export function verifyDleq(statement: DleqStatement, proof: Uint8Array, { p256: curve }: GroupArithmetic): boolean {
  const challenge = proof.slice(0, 32);
  const response = proof.slice(32);
  const { m, z } = composites(statement, curve);
  const base = curve.multiplyBase(response);
  const [t2Key, t3M, t3Z] = curve.multiplyEach([[statement.publicKey, challenge], [m, response], [z, challenge]]);
  // RangeError for the identity, which no honest proof makes of them.
  const [t2, t3] = curve.addEach([[base, t2Key!], [t3M!, t3Z!]]);
  return equalBytes(Fn.toBytes(challengeOf(statement.publicKey, [m, z, t2!, t3!])), challenge);
}

/** RFC 9497 section 2.2.1 ComputeComposites for one pair: both elements times a scalar that depends on all of the statement. */
function composites({ element, publicKey, evaluated }: DleqStatement, curve: GroupArithmetic['p256']): { m: Uint8Array; z: Uint8Array } {
  const seed = sha256(concatBytes(prefixed(compressed(publicKey)), prefixed(SEED_DST)));
  const d = Fn.toBytes(hashToScalar(prefixed(seed), Uint8Array.of(0, 0), prefixed(compressed(element)), prefixed(compressed(evaluated)), utf8('Composite')));
  const [m, z] = curve.multiplyEach([[element, d], [evaluated, d]]);
  return { m: m!, z: z! };
}

const challengeOf = (publicKey: Uint8Array, elements: readonly Uint8Array[]): bigint =>
  hashToScalar(prefixed(compressed(publicKey)), ...elements.map((element) => prefixed(compressed(element))), utf8('Challenge'));

/** SEC 1 section 2.3.3, from uncompressed. */
export const compressed = (element: Uint8Array): Uint8Array => concatBytes(Uint8Array.of(2 + (element[64]! & 1)), element.subarray(1, 33));

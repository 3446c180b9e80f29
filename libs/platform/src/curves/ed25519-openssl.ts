import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, verify } from 'node:crypto';

/** RFC 7748 section 4.1: field prime and order of the prime-order subgroup. */
const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

// RFC 8410 section 4 and 7: what is in front of 32 key bytes.
const x25519PrivateHeader = Buffer.from('302e020100300506032b656e04220420', 'hex');
const x25519PublicHeader = Buffer.from('302a300506032b656e032100', 'hex');
const ed25519PublicHeader = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * X25519 scalars are multiples of 8 in [2^254, 2^255) (RFC 7748 section 5). 8h with h ≡ ±1/8 modulo the order is one of them: it leaves the
 * u-coordinate of an element of prime order as it is, and takes away a component of small order.
 */
const eighth = modInverse(8n, ORDER);
const h = eighth < 2n ** 251n ? ORDER - eighth : eighth;
const identityScalar = createPrivateKey({ key: Buffer.concat([x25519PrivateHeader, littleEndian(8n * h)]), format: 'der', type: 'pkcs8' });

/**
 * Whether a point of edwards25519 (compressed, known to be on the curve) generates the subgroup of prime order: neither the identity nor with
 * a component of small order. One X25519 on the birationally equivalent curve; public data only. Some 0.1 ms.
 */
export function isOfPrimeOrder(element: Uint8Array): boolean {
  const y = BigInt(`0x${Buffer.from(element).reverse().toString('hex')}`) & (2n ** 255n - 1n);
  if (element.length !== 32 || y === 1n) return false;
  // RFC 7748 section 4.1: u = (1 + y) / (1 - y).
  const u = littleEndian(mod((1n + y) * modInverse(mod(1n - y), P)));
  try {
    return diffieHellman({ privateKey: identityScalar, publicKey: publicKeyOf(x25519PublicHeader, u) }).equals(u);
  } catch {
    // OpenSSL refuses a result of zero: the element has small order.
    return false;
  }
}

/** RFC 8032 verification, without the cofactor. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return publicKey.length === 32 && signature.length === 64 && verify(null, message, verifyingKeyOf(publicKey), signature);
}

/** Verifying keys in OpenSSL's form, whose making takes half as long as a verification; the oldest goes first. */
const verifyingKeys = new Map<string, KeyObject>();
const verifyingKeysMax = 1_024;

function verifyingKeyOf(publicKey: Uint8Array): KeyObject {
  const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString('latin1');
  const known = verifyingKeys.get(name);
  if (known) return known;
  const key = publicKeyOf(ed25519PublicHeader, publicKey);
  const [oldest] = verifyingKeys.keys();
  if (oldest !== undefined && verifyingKeys.size >= verifyingKeysMax) verifyingKeys.delete(oldest);
  verifyingKeys.set(name, key);
  return key;
}

const publicKeyOf = (header: Uint8Array, bytes: Uint8Array): KeyObject => createPublicKey({ key: Buffer.concat([header, bytes]), format: 'der', type: 'spki' });

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** Of public values only: extended Euclid. */
function modInverse(value: bigint, modulus: bigint): bigint {
  let [a, b, u, v] = [value, modulus, 1n, 0n];
  while (a !== 0n) {
    const quotient = b / a;
    [a, b, u, v] = [b - quotient * a, a, v - quotient * u, u];
  }
  return ((v % modulus) + modulus) % modulus;
}

function littleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

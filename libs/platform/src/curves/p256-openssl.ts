import { createECDH, ECDH } from 'node:crypto';

/** FIPS 186-5 / SEC 2: field prime, a = −3, b, group order. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ELEMENT_BYTES = 65;
const COMPRESSED_BYTES = 33;
const SCALAR_BYTES = 32;

const one = new Uint8Array(SCALAR_BYTES);
one[SCALAR_BYTES - 1] = 1;
const minusOne = bytesOf(ORDER - 1n);
const ecdh = createECDH('prime256v1');

/**
 * scalar·element by OpenSSL, in constant time. ECDH gives the x-coordinates of k·P and (k+1)·P; the two determine y
 * (Brier and Joye, "Weierstraß elliptic curves and side-channel attacks", PKC 2002). Only k + 1, with a carry through all bytes, and
 * coordinates of the result are computed outside OpenSSL. Some 0.2 ms.
 * @param element uncompressed (65 bytes, SEC 1 section 2.3.3)
 * @param scalar big-endian, 32 bytes, 1 to order − 1
 * @throws RangeError unless the element is on the curve and the scalar in its range
 */
export function multiplyP256(element: Uint8Array, scalar: Uint8Array): Uint8Array {
  return multiplyEachP256([[element, scalar]])[0]!;
}

/** As {@link multiplyP256} for each; all of them take one inversion of the field. */
export function multiplyEachP256(terms: readonly (readonly [element: Uint8Array, scalar: Uint8Array])[]): Uint8Array[] {
  try {
    const products = terms.map(([element, scalar]) => ladder(element, scalar));
    const inverses = inverseOfEach(products.map(({ y }) => mod(2n * y)));
    return products.map((product, at) => encode(product.xProduct, product.yProduct ?? recoverY(product, inverses[at]!)));
  } finally {
    // The object would keep the last scalar.
    ecdh.setPrivateKey(one);
  }
}

/** An element, and the x-coordinates of its product with a scalar and with the next one, or both coordinates of the product. */
interface Product {
  readonly x: bigint;
  readonly y: bigint;
  readonly xProduct: bigint;
  readonly xNext: bigint;
  readonly yProduct?: bigint;
}

function ladder(element: Uint8Array, scalar: Uint8Array): Product {
  if (element.length !== ELEMENT_BYTES || element[0] !== 4) throw new RangeError('element is not an uncompressed point');
  if (scalar.length !== SCALAR_BYTES) throw new RangeError('scalar has a wrong length');
  const [x, y] = coordinates(element);
  // The order is odd: no element has y = 0.
  if (equal(scalar, minusOne)) return { x, y, xProduct: requireOnCurve(x, y), xNext: x, yProduct: P - y };
  if (equal(scalar, one)) return { x, y, xProduct: requireOnCurve(x, y), xNext: x, yProduct: y };
  const next = successor(scalar);
  try {
    return { x, y, xProduct: secretOf(scalar, element), xNext: secretOf(next, element) };
  } finally {
    next.fill(0);
  }
}

/** scalar·G, as {@link multiplyP256}; some 0.02 ms. @throws RangeError */
export function multiplyBaseP256(scalar: Uint8Array): Uint8Array {
  try {
    setScalar(scalar);
    return Uint8Array.from(ecdh.getPublicKey());
  } finally {
    ecdh.setPrivateKey(one);
  }
}

/** Of each pair of elements the sum, in variable time. @throws RangeError for an element off the curve, and when a sum is the identity */
export function addEachP256(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array[] {
  const sums = pairs.map(([a, b]) => {
    const [[x1, y1], [x2, y2]] = [elementOf(a), elementOf(b)];
    if (x1 !== x2) return { x1, y1, x2, rise: y2 - y1, run: mod(x2 - x1) };
    if (y1 !== y2) throw new RangeError('the identity is no element');
    return { x1, y1, x2, rise: 3n * x1 * x1 - 3n, run: mod(2n * y1) };
  });
  const inverses = inverseOfEach(sums.map(({ run }) => run));
  return sums.map(({ x1, y1, x2, rise }, at) => {
    const slope = mod(rise * inverses[at]!);
    const x = mod(slope * slope - x1 - x2);
    return encode(x, mod(slope * (x1 - x) - y1));
  });
}

/** An element from its compressed form. @returns uncompressed @throws RangeError unless it is one */
export function decompressP256(element: Uint8Array): Uint8Array {
  if (element.length !== COMPRESSED_BYTES || (element[0] !== 2 && element[0] !== 3)) throw new RangeError('element is not a compressed point');
  try {
    return Uint8Array.from(ECDH.convertKey(element, 'prime256v1', undefined, undefined, 'uncompressed') as Buffer);
  } catch {
    throw new RangeError('element is not on the curve');
  }
}

/** y of Q = k·P from its own x and that of Q + P, both distinct from P's: the chord's slope squared is x(Q+P) + x(P) + x(Q). @param inverse of 2·y(P) */
function recoverY({ x: xP, y: yP, xProduct: x, xNext }: Product, inverse: bigint): bigint {
  const run = x - xP;
  const right = curve(x);
  const y = mod((right + yP * yP - (x + xNext + xP) * mod(run * run)) * inverse);
  if (mod(y * y) !== right) throw new Error('OpenSSL gave coordinates of no point');
  return y;
}

function secretOf(scalar: Uint8Array, element: Uint8Array): bigint {
  setScalar(scalar);
  try {
    return numberOf(ecdh.computeSecret(element));
  } catch {
    throw new RangeError('element is not on the curve');
  }
}

function setScalar(scalar: Uint8Array): void {
  try {
    ecdh.setPrivateKey(scalar);
  } catch {
    throw new RangeError('scalar is not in 1 to order − 1');
  }
}

/** Big-endian k + 1; the same steps for every k. */
function successor(scalar: Uint8Array): Uint8Array {
  const out = scalar.slice();
  let carry = 1;
  for (let at = SCALAR_BYTES - 1; at >= 0; at--) {
    carry += out[at]!;
    out[at] = carry;
    carry >>= 8;
  }
  return out;
}

function requireOnCurve(x: bigint, y: bigint): bigint {
  if (x >= P || y >= P || mod(y * y) !== curve(x)) throw new RangeError('element is not on the curve');
  return x;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let at = 0; at < SCALAR_BYTES; at++) difference |= a[at]! ^ b[at]!;
  return difference === 0;
}

const mod = (value: bigint): bigint => {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
};
const curve = (x: bigint): bigint => mod((mod(x * x) - 3n) * x + B);

function elementOf(element: Uint8Array): [bigint, bigint] {
  if (element.length !== ELEMENT_BYTES || element[0] !== 4) throw new RangeError('element is not an uncompressed point');
  const [x, y] = coordinates(element);
  return [requireOnCurve(x, y), y];
}

/** Of public values, none of them zero, by one inversion (Montgomery). */
function inverseOfEach(values: readonly bigint[]): bigint[] {
  let product = 1n;
  const before = values.map((value) => {
    const so = product;
    product = mod(product * value);
    return so;
  });
  let rest = inverse(product);
  return values
    .map((value, at) => ({ value, before: before[at]! }))
    .reverse()
    .map(({ value, before: so }) => {
      const own = mod(rest * so);
      rest = mod(rest * value);
      return own;
    })
    .reverse();
}

/** Of public values only: extended Euclid. */
function inverse(value: bigint): bigint {
  let [a, b, u, v] = [value, P, 1n, 0n];
  while (a !== 0n) {
    const quotient = b / a;
    [a, b, u, v] = [b - quotient * a, a, v - quotient * u, u];
  }
  return mod(v);
}

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`);
const coordinates = (element: Uint8Array): [bigint, bigint] => [numberOf(element.subarray(1, 33)), numberOf(element.subarray(33))];

function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'));
}

function encode(x: bigint, y: bigint): Uint8Array {
  const out = new Uint8Array(ELEMENT_BYTES);
  out[0] = 4;
  out.set(bytesOf(x), 1);
  out.set(bytesOf(y), 33);
  return out;
}

import { p256 } from '@noble/curves/nist.js';
import { describe, expect, test } from '@jest/globals';
import { opensslArithmetic } from '@boop/platform';
import { concatBytes, fromHex, type Rng, toHex } from '@boop/shared';
import { proveDleq, verifyDleq } from './dleq.ts';
import { portableArithmetic } from './index.ts';

const secret = fromHex('ca5d94c8807817669a51b196c34c1b7f8442fde4334a7121ae4736364312fca6');
const publicKey = p256.Point.fromHex('03e17e70604bcabe198882c0a1f27a92441e774224ed9c702e51dd17038b102462').toBytes(false);

/** RFC 9497 appendix A.3.2, vectors 1 and 2. */
const vectors = [
  {
    blinded: '02dd05901038bb31a6fae01828fd8d0e49e35a486b5c5d4b4994013648c01277da',
    evaluated: '0209f33cab60cf8fe69239b0afbcfcd261af4c1c5632624f2e9ba29b90ae83e4a2',
    r: 'f9db001266677f62c095021db018cd8cbb55941d4073698ce45c405d1348b7b1',
    proof: 'e7c2b3c5c954c035949f1f74e6bce2ed539a3be267d1481e9ddb178533df4c2664f69d065c604a4fd953e100b856ad83804eb3845189babfa5a702090d6fc5fa',
  },
  {
    blinded: '03cd0f033e791c4d79dfa9c6ed750f2ac009ec46cd4195ca6fd3800d1e9b887dbd',
    evaluated: '030d2985865c693bf7af47ba4d3a3813176576383d19aff003ef7b0784a0d83cf1',
    r: 'f9db001266677f62c095021db018cd8cbb55941d4073698ce45c405d1348b7b1',
    proof: '2787d729c57e3d9512d3aa9e8708ad226bc48e0f1750b0767aaff73482c44b8d2873d74ec88aebd3504961acea16790a05c542d9fbff4fe269a77510db00abab',
  },
];

/** The generator that makes the recorded scalar of what is drawn for one: 48 bytes onto 1 to order − 1. */
const drawing = (r: Uint8Array): Rng => ({ bytes: () => concatBytes(new Uint8Array(16), r.map((byte, at) => (at === 31 ? byte - 1 : byte))) });

describe.each([['OpenSSL', opensslArithmetic], ['portable', portableArithmetic]] as const)('RFC 9497 A.3.2 proofs by %s arithmetic', (_by, arithmetic) => {
  test.each(vectors)('of $blinded', ({ blinded, evaluated, r, proof }) => {
    const statement = { element: p256.Point.fromHex(blinded).toBytes(false), publicKey, evaluated: p256.Point.fromHex(evaluated).toBytes(false) };
    expect(toHex(proveDleq(statement, secret, drawing(fromHex(r)), arithmetic))).toBe(proof);
    expect(verifyDleq(statement, fromHex(proof), arithmetic)).toBe(true);
    for (const at of [0, 31, 32, 63]) expect(verifyDleq(statement, fromHex(proof).map((byte, index) => (index === at ? byte ^ 1 : byte)), arithmetic)).toBe(false);
    expect(verifyDleq({ ...statement, element: publicKey }, fromHex(proof), arithmetic)).toBe(false);
    for (const half of [0, 32]) expect(() => verifyDleq(statement, fromHex(proof).fill(0, half, half + 32), arithmetic)).toThrow(RangeError);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex, utf8 } from '@boop/shared';
import { vrfProofToHash, vrfProve, vrfPublicKey, vrfVerify } from './index.ts';

interface Vector {
  readonly sk: string;
  readonly pk: string;
  readonly alpha: string;
  readonly pi: string;
  readonly beta: string;
}

/** RFC 9381 appendix B.3, example 16. */
const example: Vector = {
  sk: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  pk: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  alpha: '',
  pi: '8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805',
  beta: '90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae',
};
const file = new URL('../../../../shared/vectors/rfc9381-ecvrf-edwards25519-sha512-tai.json', import.meta.url);
const published = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }).vectors : [];

const ORDER = ed25519.Point.Fn.ORDER;
const key = fromHex(example.pk);
const proof = fromHex(example.pi);
const refusedProof = expect.objectContaining({ code: 'vrf.invalid-proof' });
const refusedKey = expect.objectContaining({ code: 'vrf.invalid-key' });

describe('ECVRF-EDWARDS25519-SHA512-TAI', () => {
  test.each([example, ...published])('gives the bytes of RFC 9381 for alpha "$alpha"', ({ sk, pk, alpha, pi, beta }) => {
    expect(toHex(vrfPublicKey(fromHex(sk)))).toBe(pk);
    expect(toHex(vrfProve(fromHex(sk), fromHex(alpha)))).toBe(pi);
    expect(toHex(vrfVerify(fromHex(pk), fromHex(alpha), fromHex(pi)))).toBe(beta);
    expect(toHex(vrfProofToHash(fromHex(pi)))).toBe(beta);
  });

  test('proofs verify for any key and input, and for no other input', () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 80 * 8 - 1 }), (secret, alpha, bit) => {
        const publicKey = vrfPublicKey(secret);
        const made = vrfProve(secret, alpha);
        expect(vrfVerify(publicKey, alpha, made)).toEqual(vrfProofToHash(made));
        expect(() => vrfVerify(publicKey, Uint8Array.of(...alpha, 0), made)).toThrow(refusedProof);
        const flipped = made.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        expect(() => vrfVerify(publicKey, alpha, flipped)).toThrow(refusedProof);
      }),
      { numRuns: 10 },
    );
  });

  test('a Γ moved by a point of small order is refused, though its output would be the same', () => {
    const small = ed25519.Point.fromBytes(fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'));
    expect(small.isSmallOrder()).toBe(true);
    const moved = proof.slice();
    moved.set(ed25519.Point.fromBytes(proof.slice(0, 32)).add(small).toBytes());
    expect(vrfProofToHash(moved)).toEqual(vrfProofToHash(proof));
    expect(() => vrfVerify(key, new Uint8Array(0), moved)).toThrow(refusedProof);
  });

  test('s is below the order of the group: no second encoding of a proof', () => {
    const s = proof.slice(48).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) + ORDER;
    const second = proof.slice();
    second.set(Uint8Array.from({ length: 32 }, (_, at) => Number((s >> BigInt(8 * at)) & 255n)), 48);
    expect(() => vrfVerify(key, new Uint8Array(0), second)).toThrow(refusedProof);
    expect(() => vrfProofToHash(second)).toThrow(refusedProof);
  });

  test.each([
    ['cut', proof.slice(1)],
    ['extended', Uint8Array.of(...proof, 0)],
    ['empty', new Uint8Array(0)],
    ['with a Γ off the curve', Uint8Array.of(2, ...new Uint8Array(31), ...proof.slice(32))],
    ['with a Γ whose y is p + 1', Uint8Array.of(0xee, ...new Uint8Array(30).fill(0xff), 0x7f, ...proof.slice(32))],
  ])('a proof %s is refused', (_what, altered) => {
    expect(() => vrfVerify(key, new Uint8Array(0), altered)).toThrow(refusedProof);
    expect(() => vrfProofToHash(altered)).toThrow(refusedProof);
  });

  test.each([
    ['the identity', `01${'00'.repeat(31)}`],
    ['a point of order 2', `ec${'ff'.repeat(30)}7f`],
    ['a point of order 4', '00'.repeat(32)],
    ['a point of order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['a y that is not reduced', `ee${'ff'.repeat(30)}7f`],
    ['a sign bit on x = 0', `01${'00'.repeat(30)}80`],
    ['no point', `02${'00'.repeat(31)}`],
    ['31 bytes', example.pk.slice(2)],
  ])('%s is no key', (_what, hostile) => {
    expect(() => vrfVerify(fromHex(hostile), new Uint8Array(0), proof)).toThrow(refusedKey);
  });

  test('secret keys have 32 bytes', () => {
    expect(() => vrfProve(new Uint8Array(31), utf8('x'))).toThrow(refusedKey);
    expect(() => vrfPublicKey(new Uint8Array(33))).toThrow(refusedKey);
  });
});

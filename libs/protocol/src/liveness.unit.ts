import { describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { BoopError, fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@boop/shared';
import fc from 'fast-check';
import { checkLiveness, type LivenessVerdict, type SignedVerdict, signVerdict } from './liveness.ts';

const filled = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const [checker, other, stranger] = [1, 2, 3].map((value) => SigningKey.fromSecret(filled(value))) as [SigningKey, SigningKey, SigningKey];
const split = { sessionId: toBase64Url(filled(4)), splitHash: toBase64Url(filled(5)) };
const another = toBase64Url(filled(6));
const checkedAtMs = 1_700_000_000_000;
const listed = [
  { id: 'palm-passive-1', level: 1, publicKey: checker.publicKey },
  { id: 'palm-vein-2', level: 2, publicKey: other.publicKey },
];
const bonaFide: LivenessVerdict = { check: 'palm-passive-1', outcome: 'bona-fide', ...split, checkedAtMs };
const signed = (changes: Partial<LivenessVerdict> = {}, key = checker): SignedVerdict => signVerdict({ ...bonaFide, ...changes }, key);
const check = (verdict: SignedVerdict | undefined, asked: { level?: number; nowMs?: number } = {}, of = split) => checkLiveness(verdict, of, { level: 1, listed, nowMs: checkedAtMs + 800, ...asked });
const textOf = ({ verdict }: SignedVerdict): string => fromUtf8(fromBase64Url(verdict));
/** Signed by the checker itself, whatever the bytes are. */
const signedBytes = (text: string): SignedVerdict => ({ verdict: toBase64Url(utf8(text)), signature: checker.sign('boop-liveness/1', utf8(text)) });

describe('a liveness verdict', () => {
  test('holds for its capture, for as long as a context may live, at the level of its checker and below', () => {
    expect(() => check(signed())).not.toThrow();
    expect(() => check(signed(), { nowMs: checkedAtMs + 35_000 })).not.toThrow();
    expect(() => check(signed(), { nowMs: checkedAtMs - 5_000 })).not.toThrow();
    expect(() => check(signed({ check: 'palm-vein-2' }, other), { level: 2 })).not.toThrow();
    expect(() => check(signed({ check: 'palm-vein-2' }, other), { level: 1 })).not.toThrow();
  });

  test.each<[string, () => unknown, string]>([
    ['that is not there', () => check(undefined), 'missing'],
    ['of another session', () => check(signed({ sessionId: another })), 'other-capture'],
    ['of another capture', () => check(signed({ splitHash: another })), 'other-capture'],
    ['too old', () => check(signed(), { nowMs: checkedAtMs + 35_001 }), 'expired'],
    ['from the future', () => check(signed(), { nowMs: checkedAtMs - 5_001 }), 'expired'],
    ['of a check that nobody listed', () => check(signed({ check: 'palm-passive-0' })), 'other-check'],
    ['of a check of too low a level', () => check(signed(), { level: 2 }), 'other-check'],
    ['of an attack', () => check(signed({ outcome: 'attack' })), 'attack'],
    ['signed by a stranger', () => check(signed({}, stranger)), 'bad-signature'],
    ['signed by the checker of another check', () => check(signed({ check: 'palm-vein-2' }), { level: 1 }), 'bad-signature'],
    ['signed for another purpose', () => check({ ...signed(), signature: checker.sign('boop-split/1', fromBase64Url(signed().verdict)) }), 'bad-signature'],
    ['with the outcome rewritten', () => check({ ...signed({ outcome: 'attack' }), verdict: signed().verdict }), 'bad-signature'],
    ['with an unknown field', () => check(signedBytes(textOf(signed()).replace('{', '{"a":1,'))), 'malformed'],
    ['with a field twice', () => check(signedBytes(textOf(signed()).replace('}', ',"outcome":"bona-fide"}'))), 'malformed'],
    ['with spaces', () => check(signedBytes(textOf(signed()).replace(':', ': '))), 'malformed'],
    ['with a fraction of a millisecond', () => check(signed({ checkedAtMs: 1.5 })), 'malformed'],
    ['with another outcome', () => check(signed({ outcome: 'maybe' as 'attack' })), 'malformed'],
    ['that is no JSON', () => check(signedBytes('bona-fide')), 'malformed'],
  ])('%s is refused', (_, act, code) => {
    expect(act).toThrow(expect.objectContaining({ code: `liveness.${code}` }));
  });

  test('is refused, with a code, whatever is changed in it', () => {
    const { verdict, signature } = signed();
    const bytes = fromBase64Url(verdict);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.map((byte, i) => (i === at ? byte ^ flip : byte));
        let refusal: unknown;
        try {
          check({ verdict: toBase64Url(changed), signature });
        } catch (error) {
          refusal = error;
        }
        expect(refusal).toBeInstanceOf(BoopError);
        expect((refusal as BoopError).code).toMatch(/^liveness\.(malformed|other-check|bad-signature)$/);
      }),
    );
  });
});

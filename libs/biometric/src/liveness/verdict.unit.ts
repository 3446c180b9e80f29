import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BoopError, fromUtf8, utf8 } from '@boop/shared';
import { acceptVerdict, createVerdict, encodeVerdict, type LivenessVerdict, parseVerdict } from './verdict.ts';

const checker = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const nonce = new Uint8Array(32).fill(1);
const captureDigest = new Uint8Array(32).fill(2);
const checkedAtMs = 1_700_000_000_000;
const policy = { checks: ['palm-passive-1'], ageMaxMs: 15_000 };
const capture = { nonce, captureDigest, nowMs: checkedAtMs + 800 };
const bonaFide = createVerdict('palm-passive-1', { outcome: 'bona-fide', signs: [] }, { nonce, captureDigest, checkedAtMs });
const signed = (verdict: LivenessVerdict, key = checker.privateKey) => {
  const bytes = encodeVerdict(verdict);
  return { bytes, signature: new Uint8Array(sign(null, bytes, key)) };
};
const byChecker = (bytes: Uint8Array, signature: Uint8Array): boolean => verify(null, bytes, checker.publicKey, signature);
const accept = (verdict: ReturnType<typeof signed>, of = capture): LivenessVerdict => acceptVerdict(verdict, of, policy, byChecker);
const refused = (code: string) => expect.objectContaining({ code: `liveness.${code}` });

describe('a liveness verdict', () => {
  test('holds for its capture', () => {
    expect(accept(signed(bonaFide))).toEqual(bonaFide);
    expect(accept(signed(bonaFide), { ...capture, nowMs: checkedAtMs + policy.ageMaxMs })).toEqual(bonaFide);
    expect(accept(signed(bonaFide), { ...capture, nowMs: checkedAtMs - 2_000 })).toEqual(bonaFide);
  });

  test.each<[string, () => unknown, string]>([
    ['of another session', () => accept(signed(bonaFide), { ...capture, nonce: new Uint8Array(32).fill(3) }), 'other-capture'],
    ['of another capture', () => accept(signed(bonaFide), { ...capture, captureDigest: new Uint8Array(32).fill(3) }), 'other-capture'],
    ['too old', () => accept(signed(bonaFide), { ...capture, nowMs: checkedAtMs + policy.ageMaxMs + 1 }), 'expired'],
    ['from the future', () => accept(signed(bonaFide), { ...capture, nowMs: checkedAtMs - 2_001 }), 'expired'],
    ['of a check that does not count', () => accept(signed({ ...bonaFide, check: 'palm-passive-0' })), 'other-check'],
    ['of an attack', () => accept(signed({ ...bonaFide, outcome: 'attack' })), 'attack'],
    ['signed by a stranger', () => accept(signed(bonaFide, stranger.privateKey)), 'bad-signature'],
    ['with the outcome rewritten', () => accept({ ...signed({ ...bonaFide, outcome: 'attack' }), bytes: encodeVerdict(bonaFide) }), 'bad-signature'],
    ['with an unknown field', () => parseVerdict(utf8(fromUtf8(encodeVerdict(bonaFide)).replace('{', '{"a":1,'))), 'malformed'],
    ['with a field twice', () => parseVerdict(utf8(fromUtf8(encodeVerdict(bonaFide)).replace('}', ',"outcome":"bona-fide"}'))), 'malformed'],
    ['with a short nonce', () => parseVerdict(encodeVerdict({ ...bonaFide, nonce: nonce.subarray(1) })), 'malformed'],
    ['with a fraction of a millisecond', () => parseVerdict(encodeVerdict({ ...bonaFide, checkedAtMs: 1.5 })), 'malformed'],
    ['with another outcome', () => parseVerdict(encodeVerdict({ ...bonaFide, outcome: 'maybe' as 'attack' })), 'malformed'],
    ['longer than any', () => parseVerdict(new Uint8Array(10_000)), 'malformed'],
  ])('%s is refused', (_, act, code) => {
    expect(act).toThrow(refused(code));
  });

  test('has one encoding: no other bytes parse, whatever is changed', () => {
    const bytes = encodeVerdict(bonaFide);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = bytes.map((byte, i) => (i === at ? byte ^ flip : byte));
        try {
          expect(encodeVerdict(parseVerdict(changed))).toEqual(changed);
        } catch (error) {
          if (!(error instanceof BoopError)) throw error;
          expect(error.code).toBe('liveness.malformed');
        }
      }),
    );
  });
});

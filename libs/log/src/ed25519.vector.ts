import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fromHex } from '@boop/shared';
import { verifyEd25519 } from './ed25519.ts';

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly { readonly tcId: number; readonly msg: string; readonly sig: string; readonly result: 'valid' | 'invalid' | 'acceptable' }[];
  }[];
}

describe('the Ed25519 verifier of notes', () => {
  /** RFC 8032 section 7.1, tests 1 and 2. */
  test.each([
    ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '', 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
    ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72', '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
  ])('accepts RFC 8032 key %s', (key, message, signature) => {
    expect(verifyEd25519(fromHex(key), fromHex(message), fromHex(signature))).toBe(true);
    expect(verifyEd25519(fromHex(key), fromHex(`${message}00`), fromHex(signature))).toBe(false);
    expect(verifyEd25519(fromHex(key), fromHex(message), fromHex(signature).slice(1))).toBe(false);
  });

  const file = new URL('../../../../shared/vectors/wycheproof-ed25519.json', import.meta.url);
  const groups = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Wycheproof).testGroups : [];

  test(`agrees with Wycheproof (${groups.length} groups)`, () => {
    for (const { publicKey, tests } of groups) {
      for (const { tcId, msg, sig, result } of tests) {
        expect([tcId, verifyEd25519(fromHex(publicKey.pk), fromHex(msg), fromHex(sig))]).toEqual([tcId, result === 'valid']);
      }
    }
  });
});

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import { dhkemX25519, hkdfSha256 } from './hpke-agreement.ts';

const theirs = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
const ours = new CipherSuite(dhkemX25519, hkdfSha256, AEAD_AES_256_GCM);

describe('HKDF-SHA256 for HPKE', () => {
  test('extracts and expands as the library does', async () => {
    for (const [saltBytes, secretBytes, length] of [[0, 0, 12], [0, 32, 32], [32, 0, 32], [13, 300, 33], [80, 64, 255]] as const) {
      const [salt, secret, info] = [saltBytes, secretBytes, 77].map((size) => new Uint8Array(randomBytes(size)));
      const prk = await KDF_HKDF_SHA256().Extract(salt!, secret!);
      expect(await hkdfSha256().Extract(salt!, secret!)).toEqual(prk);
      expect(await hkdfSha256().Expand(prk, info!, length)).toEqual(await KDF_HKDF_SHA256().Expand(prk, info!, length));
    }
  });

  test('opens what the library seals, and the other way round', async () => {
    const plaintext = new Uint8Array(randomBytes(100));
    const data = { aad: Uint8Array.of(1), info: Uint8Array.of(2) };
    const pair = await theirs.DeriveKeyPair(new Uint8Array(randomBytes(32)), false);
    for (const [seals, opens] of [[theirs, ours], [ours, theirs]] as const) {
      const { encapsulatedSecret, ciphertext } = await seals.Seal(pair.publicKey, plaintext, data);
      expect(await opens.Open(pair, encapsulatedSecret, ciphertext, data)).toEqual(plaintext);
      await expect(opens.Open(pair, encapsulatedSecret, ciphertext, { ...data, info: Uint8Array.of(3) })).rejects.toThrow();
    }
  });
});

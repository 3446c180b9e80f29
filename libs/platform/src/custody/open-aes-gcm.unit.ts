import { createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { heldHpkeKeyPair, openBox, sealBox } from '@boop/protocol';
import { fromBase64Url, toBase64Url } from '@boop/shared';
import { openAesGcm } from './open-aes-gcm.ts';

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

describe('AES-256-GCM by OpenSSL', () => {
  // Test case 16 of McGrew and Viega, "The Galois/Counter Mode of Operation".
  const key = fromHex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
  const nonce = fromHex('cafebabefacedbaddecaf888');
  const aad = fromHex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
  const plaintext = fromHex('d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39');
  const sealed = fromHex('522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b');

  test('opens the published case, and nothing near it', () => {
    expect(openAesGcm(key, nonce, aad, sealed)).toEqual(plaintext);
    for (const at of [0, 40, sealed.length - 1]) expect(() => openAesGcm(key, nonce, aad, sealed.map((byte, index) => (index === at ? byte ^ 1 : byte)))).toThrow();
    expect(() => openAesGcm(key, nonce, aad.slice(1), sealed)).toThrow();
    for (const length of [0, 15, 16, sealed.length - 1]) expect(() => openAesGcm(key, nonce, aad, sealed.slice(0, length))).toThrow();
  });

  test('opens what HPKE sealed, for a key that stays in its custody', async () => {
    const { privateKey } = generateKeyPairSync('x25519');
    const publicKey = fromBase64Url(createPublicKey(privateKey).export({ format: 'jwk' }).x!);
    const held = createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const agree = (sender: Uint8Array): Uint8Array => new Uint8Array(diffieHellman({ privateKey: held, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: toBase64Url(sender) }, format: 'jwk' }) }));
    const pair = heldHpkeKeyPair(publicKey, agree, openAesGcm);
    const place = { info: Uint8Array.of(1), aad: Uint8Array.of(2) };
    const secret = new Uint8Array(randomBytes(500));
    const box = await sealBox(pair.publicKey, secret, place);
    expect(await openBox(pair.privateKey, box, place)).toEqual(secret);
    for (const other of [{ ...place, info: Uint8Array.of(3) }, { ...place, aad: Uint8Array.of(3) }]) await expect(openBox(pair.privateKey, box, other)).rejects.toMatchObject({ code: 'box.unopenable' });
  });
});

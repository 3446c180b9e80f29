import { bytesField, blobField } from '@boop/identity';
import { BoopError, fromBase64Url, toBase64Url } from '@boop/shared';
import { type CryptoKey } from 'hpke';
import { z } from 'zod';
import { hpkeSuite as suite, suiteOf } from './hpke-agreement.ts';
import { type HpkeKeyPair } from './split.ts';

/** HPKE base mode output (RFC 9180 section 6.1). */
export const sealedBoxSchema = z.strictObject({ enc: bytesField(32), ciphertext: blobField(1024) });
export type SealedBox = z.infer<typeof sealedBoxSchema>;

/** Seals up to 1 kB for whoever holds a key. @param publicKey X25519, base64url @param info names the use, @param aad the place; both have to be given again */
export async function sealBox(publicKey: string, plaintext: Uint8Array, { info, aad }: { info: Uint8Array; aad: Uint8Array }): Promise<SealedBox> {
  const key = await suite.DeserializePublicKey(fromBase64Url(publicKey));
  const { encapsulatedSecret, ciphertext } = await suite.Seal(key, plaintext, { aad, info });
  return { enc: toBase64Url(encapsulatedSecret), ciphertext: toBase64Url(ciphertext) };
}

/** @throws BoopError `box.unopenable` for another key, use, place or any other byte */
export async function openBox(privateKey: HpkeKeyPair['privateKey'], { enc, ciphertext }: SealedBox, { info, aad }: { info: Uint8Array; aad: Uint8Array }): Promise<Uint8Array> {
  try {
    return await suiteOf(privateKey).Open(privateKey as CryptoKey, fromBase64Url(enc), fromBase64Url(ciphertext), { aad, info });
  } catch {
    throw new BoopError('box.unopenable', 'this was not sealed to this key for this use');
  }
}

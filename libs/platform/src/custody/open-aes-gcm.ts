import { createDecipheriv } from 'node:crypto';

const TAG_BYTES = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) by OpenSSL, on this thread: for what is opened one at a time and is some kilobytes long.
 * @param nonce 12 bytes
 * @param ciphertext with its tag of 16 bytes
 * @throws unless it was sealed under this key, nonce and data
 */
export function openAesGcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  const end = ciphertext.length - TAG_BYTES;
  if (end < 0) throw new RangeError('a ciphertext has a tag');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(aad).setAuthTag(ciphertext.subarray(end));
  const plaintext = decipher.update(ciphertext.subarray(0, end));
  try {
    decipher.final();
  } catch (error) {
    plaintext.fill(0);
    throw error;
  }
  // No Buffer, whose slice() is no copy.
  return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
}

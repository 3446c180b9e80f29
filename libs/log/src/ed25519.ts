import { ed25519 } from '@noble/curves/ed25519.js';

/** RFC 8032 verification with canonical encodings only (not ZIP 215); false for keys and signatures that don't decode. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

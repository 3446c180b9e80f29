import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { createVerifierKey, formatVerifierKey, SignatureType, type VerifierKey } from '@boop/log';

/** A cosigner (node, witness or monitor) whose key follows from a number. */
export interface Cosigner {
  readonly key: VerifierKey;
  readonly vkey: string;
  readonly secret: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export function cosignerOf(name: string, number: number): Cosigner {
  const secret = new Uint8Array(32).fill(number);
  // PKCS #8 of an Ed25519 seed (RFC 8410 section 7).
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32));
  const key = createVerifierKey(name, SignatureType.cosignatureV1, publicKey);
  return { key, vkey: formatVerifierKey(key), secret, sign: (message) => new Uint8Array(sign(null, message, privateKey)) };
}

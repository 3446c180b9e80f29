import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type KeyCustody } from '@boop/platform';
import { BoopError, concatBytes } from '@boop/shared';

/** Header of an X25519 public key (RFC 8410). */
const x25519Spki = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0);

/** Keys of a node that exists for a moment, in this process, and stores nothing. */
export function passingCustody(): KeyCustody {
  const [identity, hpke] = [generateKeyPairSync('ed25519'), generateKeyPairSync('x25519')];
  const refused = (): never => {
    throw new BoopError('custody.refused', 'a passing node stores nothing', { kind: 'fatal' });
  };
  return {
    identityPublicKey: rawOf(identity.publicKey),
    hpkePublicKey: rawOf(hpke.publicKey),
    signIdentity: (message) => new Uint8Array(sign(null, message, identity.privateKey)),
    agreeHpke: (publicKey) => new Uint8Array(diffieHellman({ privateKey: hpke.privateKey, publicKey: createPublicKey({ key: Buffer.from(concatBytes(x25519Spki, publicKey)), format: 'der', type: 'spki' }) })),
    wrapDataKey: refused,
    unwrapDataKey: refused,
    destroy: () => undefined,
  };
}

const rawOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ format: 'der', type: 'spki' }).subarray(-32));

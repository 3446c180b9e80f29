import { createPrivateKey, createPublicKey, diffieHellman, sign } from 'node:crypto';
import { type KeyCustody, openRow, sealRow } from '@boop/platform';
import { concatBytes, type Rng, utf8 } from '@boop/shared';

/** Header of an RFC 8410 private key, whose last two bytes announce the 32 key bytes. */
const pkcs8 = (oid: number): Uint8Array => Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, oid, 4, 0x22, 4, 0x20);

/** Header of an X25519 public key. */
const x25519Spki = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0);

/** Custody without files. */
export function memoryCustody(rng: Rng): KeyCustody {
  const [seed, hpke, master] = [rng.bytes(32), rng.bytes(32), rng.bytes(32)];
  const privateKey = (oid: number, secret: Uint8Array) => createPrivateKey({ key: Buffer.from(concatBytes(pkcs8(oid), secret)), format: 'der', type: 'pkcs8' });
  const publicKey = (oid: number, secret: Uint8Array) => new Uint8Array(createPublicKey(privateKey(oid, secret)).export({ format: 'der', type: 'spki' }).subarray(-32));
  const identity = privateKey(0x70, seed);
  return {
    identityPublicKey: publicKey(0x70, seed),
    hpkePublicKey: publicKey(0x6e, hpke),
    signIdentity: (message) => new Uint8Array(sign(null, message, identity)),
    agreeHpke: (publicKey) => new Uint8Array(diffieHellman({ privateKey: privateKey(0x6e, hpke), publicKey: createPublicKey({ key: Buffer.from(concatBytes(x25519Spki, publicKey)), format: 'der', type: 'spki' }) })),
    wrapDataKey: (dataKey, context) => sealRow(master, dataKey, utf8(context)),
    unwrapDataKey: (wrapped, context) => openRow(master, wrapped, utf8(context)),
    destroy: () => undefined,
  };
}

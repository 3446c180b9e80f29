import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, sign } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BoopError, concatBytes, type Rng, utf8 } from '@boop/shared';
import { ensurePrivateDirectory, readOrCreateFile } from './atomic-file.ts';
import { custodyOver, type HeldKey } from './held-keys.ts';
import { type KeyUse, type NodeCustody } from './key-custody.ts';
import { KEY_BYTES, openMasterKey } from './master-key.ts';
import { openRow, sealRow } from './sealed-row.ts';

/** PKCS #8 headers of RFC 8410 private keys, and SPKI header of X25519 public keys; the 32 key bytes follow. */
const PKCS8: Readonly<Record<KeyUse, Uint8Array>> = {
  identity: Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20),
  hpke: Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20),
};
const X25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0);

interface FileKey extends HeldKey {
  readonly privateKey: KeyObject;
}

/**
 * Keys in a folder (mode 0700, files 0600), created at first use, each sealed under a master key: `identity.sealed`, `identity-2.sealed`, ….
 *
 * With a passphrase the master key is sealed under it (scrypt). WITHOUT ONE, FOR DEVELOPMENT, it lies in the clear beside what it protects, so whoever
 * reads the folder has every key of the node.
 * @throws BoopError `custody.exposed`, `custody.malformed`, `custody.wrong-passphrase`, `custody.passphrase-needed`, `store.tampered`
 */
export function openFileCustody(dir: string, rng: Rng, passphrase?: string): NodeCustody {
  ensurePrivateDirectory(dir);
  const masterKey = openMasterKey(dir, passphrase, rng);
  const read = (use: KeyUse, ordinal: number): FileKey => {
    const data = associatedData(ordinal === 1 ? use : `${use}/${ordinal}`);
    const sealed = readOrCreateFile(fileOf(dir, use, ordinal), () => sealRow(masterKey, rng.bytes(KEY_BYTES), data));
    const secret = openRow(masterKey, sealed, data);
    const privateKey = createPrivateKey({ key: Buffer.from(concatBytes(PKCS8[use], secret)), format: 'der', type: 'pkcs8' });
    secret.fill(0);
    return { ordinal, privateKey, publicKey: rawPublicKey(privateKey) };
  };

  return custodyOver<FileKey>({
    list: (use) => ordinalsIn(dir, use).map((ordinal) => read(use, ordinal)),
    create: read,
    erase: (use, { ordinal }) => rmSync(fileOf(dir, use, ordinal)),
    sign: ({ privateKey }, message) => new Uint8Array(sign(null, message, privateKey)),
    agree: ({ privateKey }, publicKey) => agree(privateKey, publicKey),
    wrap: (dataKey, context) => sealRow(masterKey, dataKey, associatedData(`data-key/${context}`)),
    unwrap: (wrapped, context) => openRow(masterKey, wrapped, associatedData(`data-key/${context}`)),
    close: () => void masterKey.fill(0),
  });
}

const fileOf = (dir: string, use: KeyUse, ordinal: number): string => join(dir, ordinal === 1 ? `${use}.sealed` : `${use}-${ordinal}.sealed`);

function ordinalsIn(dir: string, use: KeyUse): number[] {
  const form = new RegExp(`^${use}(?:-([1-9][0-9]{0,5}))?\\.sealed$`);
  const matches = readdirSync(dir).map((name) => form.exec(name));
  return matches.flatMap((match) => (match ? [Number(match[1] ?? 1)] : [])).sort((a, b) => a - b);
}

function agree(privateKey: KeyObject, publicKey: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(diffieHellman({ privateKey, publicKey: createPublicKey({ key: Buffer.from(concatBytes(X25519_SPKI, publicKey)), format: 'der', type: 'spki' }) }));
  } catch {
    throw new BoopError('custody.refused', 'no secret can be agreed with this public key', { kind: 'fatal' });
  }
}

const associatedData = (use: string): Uint8Array => utf8(`boop/custody/v1/${use}`);

function rawPublicKey(key: KeyObject): Uint8Array {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(spki.length - KEY_BYTES));
}

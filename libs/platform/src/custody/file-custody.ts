import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BoopError, concatBytes, type Rng, utf8 } from '@boop/shared';
import { ensurePrivateDirectory, readOrCreateFile } from './atomic-file.ts';
import { type KeyCustody } from './key-custody.ts';
import { openRow, sealRow } from './sealed-row.ts';

const KEY_BYTES = 32;
/** PKCS #8 headers of RFC 8410 private keys; the 32 key bytes follow. */
const ED25519_PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);
const X25519_PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22, 4, 0x20);

/**
 * Keys in a folder (mode 0700, files 0600), created at first use.
 *
 * FOR DEVELOPMENT: the master key lies in the clear beside what it protects, so whoever reads the folder has every key of the node.
 * Encryption at rest here only keeps single files and database backups useless on their own.
 * @throws BoopError `custody.exposed`, `custody.malformed`, `store.tampered`
 */
export function openFileCustody(dir: string, rng: Rng): KeyCustody {
  ensurePrivateDirectory(dir);
  const masterKey = readKeyFile(join(dir, 'master.key'), () => rng.bytes(KEY_BYTES));
  const identitySeed = readSealedKey(join(dir, 'identity.sealed'), masterKey, 'identity', rng);
  const hpkeSecret = readSealedKey(join(dir, 'hpke.sealed'), masterKey, 'hpke', rng);
  const identityKey = privateKey(ED25519_PKCS8, identitySeed);
  identitySeed.fill(0);
  let destroyed = false;
  const alive = (): void => {
    if (destroyed) throw new BoopError('custody.destroyed', 'the key custody was closed', { kind: 'fatal' });
  };

  return {
    identityPublicKey: rawPublicKey(identityKey),
    hpkePublicKey: rawPublicKey(privateKey(X25519_PKCS8, hpkeSecret)),
    signIdentity(message) {
      alive();
      return new Uint8Array(sign(null, message, identityKey));
    },
    hpkePrivateKey() {
      alive();
      return hpkeSecret.slice();
    },
    wrapDataKey(dataKey, context) {
      alive();
      if (dataKey.length !== KEY_BYTES) throw new BoopError('custody.malformed', 'a data key has 32 bytes', { kind: 'fatal' });
      return sealRow(masterKey, dataKey, associatedData(`data-key/${context}`));
    },
    unwrapDataKey(wrapped, context) {
      alive();
      return openRow(masterKey, wrapped, associatedData(`data-key/${context}`));
    },
    destroy() {
      destroyed = true;
      masterKey.fill(0);
      hpkeSecret.fill(0);
    },
  };
}

const associatedData = (use: string): Uint8Array => utf8(`boop/custody/v1/${use}`);

function readKeyFile(file: string, create: () => Uint8Array): Uint8Array {
  const bytes = readOrCreateFile(file, create);
  if ((statSync(file).mode & 0o077) !== 0) throw new BoopError('custody.exposed', `key file ${file} must have mode 0600`, { kind: 'fatal' });
  if (bytes.length !== KEY_BYTES) throw new BoopError('custody.malformed', `key file ${file} has the wrong size`, { kind: 'fatal' });
  return bytes;
}

function readSealedKey(file: string, masterKey: Uint8Array, use: string, rng: Rng): Uint8Array {
  const sealed = readOrCreateFile(file, () => sealRow(masterKey, rng.bytes(KEY_BYTES), associatedData(use)));
  return openRow(masterKey, sealed, associatedData(use));
}

const privateKey = (header: Uint8Array, secret: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(concatBytes(header, secret)), format: 'der', type: 'pkcs8' });

function rawPublicKey(key: KeyObject): Uint8Array {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(spki.length - KEY_BYTES));
}

import { scryptSync } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { BoopError, concatBytes, isBoopError, type Rng, utf8 } from '@boop/shared';
import { readOrCreateFile } from './atomic-file.ts';
import { openRow, sealRow } from './sealed-row.ts';

export const KEY_BYTES = 32;
const SALT_BYTES = 16;
const SEALED_VERSION = 1;
/** scrypt (RFC 7914) with 128 MiB, as OWASP's password storage guide has it. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };

/**
 * The key under which a folder's other keys are sealed: `master.sealed` under a passphrase, or, for development, `master.key` in the clear.
 * @throws BoopError `custody.wrong-passphrase`, `custody.passphrase-needed`, `custody.exposed`, `custody.malformed`
 */
export function openMasterKey(dir: string, passphrase: string | undefined, rng: Rng): Uint8Array {
  const [plain, sealed] = [join(dir, 'master.key'), join(dir, 'master.sealed')];
  if (passphrase === undefined) {
    if (existsSync(sealed)) throw fatal('custody.passphrase-needed', `the keys in ${dir} are under a passphrase: name the file that holds it`);
    return checkedSize(plain, readPrivate(plain, () => rng.bytes(KEY_BYTES)));
  }
  if (existsSync(plain)) throw fatal('custody.exposed', `the master key in ${dir} lies in the clear, though a passphrase is given`);
  return checkedSize(sealed, openSealed(readPrivate(sealed, () => seal(passphrase, rng)), passphrase, sealed));
}

function seal(passphrase: string, rng: Rng): Uint8Array {
  const [salt, master] = [rng.bytes(SALT_BYTES), rng.bytes(KEY_BYTES)];
  const header = concatBytes(Uint8Array.of(SEALED_VERSION), salt);
  return concatBytes(header, sealRow(stretched(passphrase, salt), master, header));
}

function openSealed(bytes: Uint8Array, passphrase: string, file: string): Uint8Array {
  const header = bytes.subarray(0, 1 + SALT_BYTES);
  if (header.length !== 1 + SALT_BYTES || header[0] !== SEALED_VERSION) throw fatal('custody.malformed', `key file ${file} has another form`);
  try {
    return openRow(stretched(passphrase, header.subarray(1)), bytes.subarray(header.length), header);
  } catch (error) {
    if (!isBoopError(error)) throw error;
    throw fatal('custody.wrong-passphrase', `the passphrase does not open ${file}`);
  }
}

const stretched = (passphrase: string, salt: Uint8Array): Uint8Array => new Uint8Array(scryptSync(utf8(passphrase.normalize('NFKC')), salt, KEY_BYTES, SCRYPT));

function readPrivate(file: string, create: () => Uint8Array): Uint8Array {
  const bytes = existsSync(file) ? new Uint8Array(readFileSync(file)) : readOrCreateFile(file, create);
  if ((statSync(file).mode & 0o077) !== 0) throw fatal('custody.exposed', `key file ${file} must have mode 0600`);
  return bytes;
}

function checkedSize(file: string, key: Uint8Array): Uint8Array {
  if (key.length !== KEY_BYTES) throw fatal('custody.malformed', `key file ${file} has the wrong size`);
  return key;
}

const fatal = (code: string, message: string): BoopError => new BoopError(code, message, { kind: 'fatal' });

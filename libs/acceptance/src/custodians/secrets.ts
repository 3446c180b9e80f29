import { scryptSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openRow } from '@boop/platform';
import { fromBase64Url, utf8 } from '@boop/shared';

/** Format of `master.sealed`: version, salt, row. */
const headerBytes = 17;
const scrypt = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };

/** The private keys of a node with keys in its folder, as whoever has folder and passphrase computes them. */
export function privateKeysIn(dir: string): Map<string, Uint8Array> {
  const passphrase = readFileSync(join(dir, 'passphrase'), 'utf8').trim();
  const sealed = new Uint8Array(readFileSync(join(dir, 'keys', 'master.sealed')));
  const header = sealed.subarray(0, headerBytes);
  const stretched = new Uint8Array(scryptSync(utf8(passphrase), header.subarray(1), 32, scrypt));
  const master = openRow(stretched, sealed.subarray(headerBytes), header);
  const open = (row: Uint8Array, use: string): Uint8Array => openRow(master, row, utf8(`boop/custody/v1/${use}`));
  const keys = new Map<string, Uint8Array>([['passphrase', utf8(passphrase)], ['master', master]]);
  for (const use of ['identity', 'hpke']) keys.set(use, open(new Uint8Array(readFileSync(join(dir, 'keys', `${use}.sealed`))), use));
  const tls = join(dir, 'tls', 'tls.json');
  if (existsSync(tls)) keys.set('tls', open(fromBase64Url((JSON.parse(readFileSync(tls, 'utf8')) as { sealedKey: string }).sealedKey), 'data-key/tls-key'));
  return keys;
}

/** Where a secret stands in a folder: as it is, in hexadecimal, or in base64 at any alignment. @returns `name in file` */
export function findSecrets(secrets: ReadonlyMap<string, Uint8Array>, dir: string): string[] {
  const needles = [...secrets].flatMap(([name, bytes]) => formsOf(bytes).map((needle) => ({ name, needle })));
  return filesIn(dir).flatMap((file) => {
    const content = readIfThere(file);
    return needles.filter(({ needle }) => content.includes(needle)).map(({ name }) => `${name} in ${file}`);
  });
}

/** Private files that others than their owner may read. */
export function exposedFiles(dir: string, isPrivate: (file: string) => boolean): string[] {
  return filesIn(dir).filter((file) => isPrivate(file) && (statSync(file).mode & 0o077) !== 0);
}

export function filesIn(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

function formsOf(bytes: Uint8Array): Buffer[] {
  const raw = Buffer.from(bytes);
  const hex = raw.toString('hex');
  // What precedes a secret in a base64 text shifts it: its inner bytes show at one of three alignments.
  const base64 = [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), raw]).toString('base64url').slice(4, 36));
  const standard = base64.map((text) => text.replaceAll('-', '+').replaceAll('_', '/'));
  return [raw, ...[hex, hex.toUpperCase(), ...new Set([...base64, ...standard])].map((text) => Buffer.from(text))];
}

/** PostgreSQL removes files while one reads. */
function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readSecretFile } from '../config/secret-file.ts';
import { writeFileAtomic } from '../custody/atomic-file.ts';

/** One random password (192 bits, base64url) per role, kept in a file that only its owner reads; missing roles are added. */
export function openPasswords(file: string, roles: readonly string[]): Readonly<Record<string, string>> {
  const known = existsSync(file) ? (JSON.parse(readSecretFile(file)) as Record<string, string>) : {};
  const missing = roles.filter((role) => known[role] === undefined);
  if (missing.length === 0) return known;
  const all = { ...known, ...Object.fromEntries(missing.map((role) => [role, randomBytes(24).toString('base64url')])) };
  writeFileAtomic(file, JSON.stringify(all, null, 2));
  return all;
}

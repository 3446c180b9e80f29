import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SigningKey } from '@boop/identity';
import { readSecretFile, systemRng, writeFileAtomic } from '@boop/platform';
import { BoopError, fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { z } from 'zod';
import { type Layout } from './layout.ts';

const secret = z.string().min(20).max(100);

/** Everything that a developer needs to act as each role; in a deployment nobody holds all of it. */
export const devCredentialsSchema = z.strictObject({
  vendor: z.strictObject({ id: z.string(), name: z.string(), sector: z.string(), apiKey: secret }),
  terminal: z.strictObject({
    id: z.string(),
    vendorId: z.string(),
    key: secret,
    /** RFC 8032 secret key with which the terminal signs its splits, base64url. */
    deviceSecret: secret,
    deviceKey: z.string(),
  }),
  admin: z.strictObject({ id: z.string(), key: secret }),
});
export type DevCredentials = z.infer<typeof devCredentialsSchema>;

/** Writes `dev-credentials.json` (0600) at the first start and gives it back ever after. */
export function ensureCredentials(layout: Layout): DevCredentials {
  if (existsSync(layout.credentials)) return readDevCredentials(layout);
  const deviceSecret = systemRng.bytes(32);
  const credentials: DevCredentials = {
    vendor: { id: 'demo-shop', name: 'Demo Shop', sector: 'shop.example', apiKey: newKey('sk_test_') },
    terminal: {
      id: 'demo-till',
      vendorId: 'demo-shop',
      key: newKey('tk_test_'),
      deviceSecret: toBase64Url(deviceSecret),
      deviceKey: SigningKey.fromSecret(deviceSecret).publicKey,
    },
    admin: { id: 'demo-admin', key: newKey('ak_test_') },
  };
  writeFileAtomic(layout.credentials, `${JSON.stringify(credentials, null, 2)}\n`);
  return credentials;
}

/** @throws BoopError `network.no-credentials` */
export function readDevCredentials(layout: Layout): DevCredentials {
  try {
    return devCredentialsSchema.parse(JSON.parse(readSecretFile(layout.credentials)));
  } catch {
    throw new BoopError('network.no-credentials', `no development credentials in ${layout.dir}: start the network first, or name its folder with --data`);
  }
}

/** The terminal's signing key. */
export const deviceOf = ({ terminal }: DevCredentials): SigningKey => SigningKey.fromSecret(fromBase64Url(terminal.deviceSecret));

/** What the gateway is given: the same accounts with hashes in place of keys. Returns the file's path. */
export function writeSeed(layout: Layout, { vendor, terminal, admin }: DevCredentials): string {
  const seed = {
    // Tests and the demo run faster than a shop ever would.
    vendors: [{ id: vendor.id, name: vendor.name, sector: vendor.sector, apiKeyHash: keyHash(vendor.apiKey), limits: { authenticationsPerMinute: 10_000 } }],
    terminals: [{ id: terminal.id, vendorId: terminal.vendorId, keyHash: keyHash(terminal.key), deviceKey: terminal.deviceKey }],
    admins: [{ id: admin.id, keyHash: keyHash(admin.key) }],
  };
  const file = join(layout.of('gateway'), 'seed.json');
  writeFileAtomic(file, `${JSON.stringify(seed, null, 2)}\n`);
  return file;
}

const newKey = (prefix: string): string => `${prefix}${toBase64Url(systemRng.bytes(24))}`;
const keyHash = (key: string): string => createHash('sha256').update(utf8(key)).digest('base64url');

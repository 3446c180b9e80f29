import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SigningKey } from '@boop/identity';
import { readSecretFile, writeFileAtomic } from '@boop/platform';
import { BoopError, fromBase64Url, type Rng, toBase64Url } from '@boop/shared';

/**
 * The key with which the gateway signs splits of thin devices and terminals' settings: 32 bytes as base64url in a file of mode
 * 0600, created at first start.
 * @throws BoopError `config.signing-key-malformed`, `config.secret-exposed`
 */
export function openSigningKey(file: string, rng: Rng): SigningKey {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileAtomic(file, `${toBase64Url(rng.bytes(32))}\n`);
  }
  const text = readSecretFile(file);
  try {
    return SigningKey.fromSecret(fromBase64Url(text));
  } catch {
    throw new BoopError('config.signing-key-malformed', 'signingKeyFile does not hold an Ed25519 key', { kind: 'fatal' });
  }
}

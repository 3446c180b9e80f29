import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createVerifierKey, SignatureType, type VerifierKey } from '@boop/log';
import { writeFileAtomic } from '@boop/platform';

export interface MonitorKey {
  readonly key: VerifierKey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** The monitor's Ed25519 key, `key.pem` (PKCS #8) in its folder; made at first use. Throws `log.malformed-vkey` for a name that no key can have. */
export function openMonitorKey(folder: string, name: string): MonitorKey {
  const file = join(folder, 'key.pem');
  if (!existsSync(file)) writeFileAtomic(file, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
  const privateKey = createPrivateKey(readFileSync(file));
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const key = createVerifierKey(name, SignatureType.cosignatureV1, new Uint8Array(Buffer.from(x!, 'base64url')));
  return { key, sign: (message) => new Uint8Array(sign(null, message, privateKey)) };
}

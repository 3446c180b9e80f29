import { existsSync, readFileSync, statSync } from 'node:fs';
import { vrfPublicKey } from '@boop/log';
import { writeFileAtomic } from '@boop/platform';
import { BoopError, type Rng } from '@boop/shared';

export interface VrfKey {
  /** 32 bytes. Whoever knows it can find out which accounts exist; nobody can forge anything with it. */
  readonly secret: Uint8Array;
  readonly public: Uint8Array;
}

/**
 * The key of the function that gives accounts their index, created at the first start. It can't be replaced: all indexes would be others.
 * @throws BoopError `config.secret-exposed` when others may read the file, `map.malformed-key`
 */
export function openVrfKey(file: string, rng: Rng): VrfKey {
  if (!existsSync(file)) writeFileAtomic(file, rng.bytes(32));
  if ((statSync(file).mode & 0o077) !== 0) throw new BoopError('config.secret-exposed', `secret file ${file} must have mode 0600`, { kind: 'fatal' });
  const secret = new Uint8Array(readFileSync(file));
  if (secret.length !== 32) throw new BoopError('map.malformed-key', `${file} is not a key of 32 bytes`, { kind: 'fatal' });
  return { secret, public: vrfPublicKey(secret) };
}

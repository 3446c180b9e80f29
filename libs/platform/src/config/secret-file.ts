import { readFileSync, statSync } from 'node:fs';
import { BoopError } from '@boop/shared';

/**
 * Text of a secret file without its final line break.
 * @throws BoopError `config.secret-unreadable`, `config.secret-exposed` when group or others may read it.
 */
export function readSecretFile(file: string): string {
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new BoopError('config.secret-exposed', `secret file ${file} must have mode 0600`, { kind: 'fatal' });
    }
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof BoopError) throw error;
    throw new BoopError('config.secret-unreadable', `secret file ${file} can't be read`, { kind: 'fatal' });
  }
}

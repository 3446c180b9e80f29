import { readFileSync } from 'node:fs';
import { BoopError } from '@boop/shared';
import { readSecretFile } from '../config/secret-file.ts';

/** A process's own certificate and key, and the one authority that it trusts, all PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** @throws BoopError `config.unreadable`, `config.secret-exposed`, `config.secret-unreadable` */
export function loadTlsMaterial(files: { certFile: string; keyFile: string; caFile: string }): TlsMaterial {
  return { cert: readPem(files.certFile), key: readSecretFile(files.keyFile), ca: readPem(files.caFile) };
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new BoopError('config.unreadable', `certificate file ${file} can't be read`, { kind: 'fatal' });
  }
}

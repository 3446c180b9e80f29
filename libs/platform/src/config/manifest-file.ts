import { readFileSync } from 'node:fs';
import { type NetworkManifest, parseManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';

/** The network's manifest that a process was started with. @throws BoopError `config.unreadable`, `manifest.invalid` */
export function readManifest(file: string): NetworkManifest {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new BoopError('config.unreadable', `network manifest ${file} can't be read as JSON`, { kind: 'fatal' });
  }
  return parseManifest(value);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRow } from '@boop/platform';
import { utf8 } from '@boop/shared';

/** HPKE private key of a node of the development network, whose master key lies in the clear: what a thief of its `keys` folder has. */
export function stolenHpkeSecret(keysDir: string): Uint8Array {
  const [master, sealed] = ['master.key', 'hpke.sealed'].map((name) => new Uint8Array(readFileSync(join(keysDir, name))));
  return openRow(master!, sealed!, utf8('boop/custody/v1/hpke'));
}

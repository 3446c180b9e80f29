import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { loadConfig } from '../config/load-config.ts';
import { type CustodySettings, custodySettingsSchema } from './open-custody.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-custody-settings-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const settings: CustodySettings[] = [
  { kind: 'file', passphraseFile: '/run/passphrase' },
  { kind: 'pkcs11', module: '/usr/lib/token.so', tokenLabel: 'node', pinFile: '/run/pin' },
];

test.each(settings)('a configuration may hold custody of kind $kind, which names no secret but files', (custody) => {
  const file = join(root, `${custody.kind}.yaml`);
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ custody }));
  expect(loadConfig(z.strictObject({ custody: custodySettingsSchema }), { file, env: {}, prefix: 'BOOP' })).toEqual({ custody });
});

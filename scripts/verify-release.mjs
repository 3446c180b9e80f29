#!/usr/bin/env node
/**
 * `node verify-release.mjs FOLDER --key release.pub`: whether every file that SHA256SUMS in the folder names is as the holder of the release key has signed it.
 * Needs Node alone. Get this file and the key by another way than the archive.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { key: { type: 'string' } } });
const [folder] = positionals;
if (folder === undefined || values.key === undefined) {
  process.stderr.write('usage: node verify-release.mjs FOLDER --key release.pub\n');
  process.exit(64);
}
const sums = readFileSync(join(folder, 'SHA256SUMS'));
const key = createPublicKey(readFileSync(values.key));
if (key.asymmetricKeyType !== 'ed25519' || !verify(null, sums, key, readFileSync(join(folder, 'SHA256SUMS.sig')))) fail('SHA256SUMS is not signed by this release key');
const lines = sums.toString('utf8').trimEnd().split('\n');
for (const line of lines) {
  const [, digest, name] = /^([0-9a-f]{64}) {2}([A-Za-z0-9][A-Za-z0-9._-]*)$/.exec(line) ?? fail('SHA256SUMS has another form');
  if (createHash('sha256').update(readFileSync(join(folder, name))).digest('hex') !== digest) fail(`${name} is not what was released`);
  process.stdout.write(`${name}: OK\n`);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

#!/usr/bin/env node
/**
 * A custodian's release: `node scripts/release.mjs --key FILE --out FOLDER` packs the command line and the node with all that they need at run time, and signs
 * the list of digests with an Ed25519 key (PKCS #8 PEM, mode 0600). `--new-key FILE` makes such a key. The checkout must be built (`npm run build`).
 */
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/steps.mjs';
import { layOut, pack } from './release/archive.mjs';
import { runtimeClosure } from './release/closure.mjs';

const apps = ['apps/cli', 'apps/mpc-node'];
const { values } = parseArgs({ options: { key: { type: 'string' }, out: { type: 'string' }, 'new-key': { type: 'string' } } });

if (values['new-key'] !== undefined) newKey(values['new-key']);
else if (values.key !== undefined && values.out !== undefined) await release(values.key, resolve(values.out));
else {
  process.stderr.write('usage: node scripts/release.mjs --key FILE --out FOLDER | --new-key FILE\n');
  process.exitCode = 64;
}

function newKey(file) {
  writeFileSync(file, generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600, flag: 'wx' });
  process.stdout.write(publicPem(readFileSync(file)));
}

async function release(keyFile, out) {
  if ((statSync(keyFile).mode & 0o077) !== 0) throw new Error(`${keyFile} must have mode 0600`);
  const key = createPrivateKey(readFileSync(keyFile));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [commit, seconds] = execFileSync('git', ['log', '-1', '--format=%H %ct'], { cwd: root, encoding: 'utf8' }).trim().split(' ');
  const name = `boop-node-${version}-${process.platform}-${process.arch}`;
  const work = mkdtempSync(join(tmpdir(), 'boop-release-'));
  try {
    const folder = join(work, name);
    layOut(root, folder, runtimeClosure(root, apps));
    writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ name: 'boop-node', version, commit, private: true, type: 'module', engines: { node: '>=24 <25' }, bin: { boop: 'apps/cli/dist/main.js' } }, null, 2)}\n`);
    for (const file of ['LICENSE', 'scripts/verify-release.mjs']) writeFileSync(join(folder, file.split('/').at(-1)), readFileSync(join(root, file)));
    mkdirSync(out, { recursive: true });
    const { folderDigest } = await import('@boop/platform');
    writeFileSync(join(out, `${name}.software`), `${await folderDigest(folder)}\n`);
    await pack(folder, join(out, `${name}.tar.gz`), seconds);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const archive = readFileSync(join(out, `${name}.tar.gz`));
  const software = readFileSync(join(out, `${name}.software`), 'utf8');
  const line = (file) => `${createHash('sha256').update(readFileSync(join(out, file))).digest('hex')}  ${file}\n`;
  const sums = Buffer.from([`${name}.tar.gz`, `${name}.software`].map(line).join(''));
  writeFileSync(join(out, 'SHA256SUMS'), sums);
  writeFileSync(join(out, 'SHA256SUMS.sig'), sign(null, sums, key));
  writeFileSync(join(out, 'release.pub'), publicPem(key));
  process.stdout.write(`${join(out, `${name}.tar.gz`)}: ${(archive.length / 2 ** 20).toFixed(0)} MiB, commit ${commit}\nsoftware ${software}${sums}`);
}

function publicPem(key) {
  return createPublicKey(key).export({ format: 'pem', type: 'spki' });
}

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { folderDigest, releaseDigest } from './release-digest.ts';

let folder: string;
let script: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boop-release-'));
  script = join(folder, 'apps', 'node', 'main.js');
  mkdirSync(join(folder, 'apps', 'node'), { recursive: true });
  writeFileSync(script, 'run();\n');
  writeFileSync(join(folder, 'package.json'), '{"name":"boop-node"}');
  writeFileSync(join(folder, 'apps', 'node', 'package.json'), '{"name":"a package of it"}');
  symlinkSync('main.js', join(folder, 'apps', 'node', 'also.js'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the digest of a release', () => {
  test('is what find, sort and sha256sum say', async () => {
    rmSync(join(folder, 'apps', 'node', 'also.js'));
    const lines = execFileSync('sh', ['-c', 'find . -type f | sed "s,^./,," | LC_ALL=C sort | xargs sha256sum'], { cwd: folder });
    expect(await releaseDigest(script)).toBe(createHash('sha256').update(lines).digest('base64url'));
  });

  test.each<[string, () => void]>([
    ['a file with other bytes', () => appendFileSync(script, ' ')],
    ['a file more', () => writeFileSync(join(folder, 'apps', 'more'), '')],
    ['a file under another name', () => renameSync(script, join(folder, 'apps', 'node', 'mein.js'))],
    ['a link to something else', () => (rmSync(join(folder, 'apps', 'node', 'also.js')), symlinkSync('package.json', join(folder, 'apps', 'node', 'also.js')))],
  ])('is another one with %s', async (_, alter) => {
    const before = await folderDigest(folder);
    expect(await folderDigest(folder)).toBe(before);
    alter();
    expect(await folderDigest(folder)).not.toBe(before);
  });

  test('is unknown for a program that is in no release', async () => {
    writeFileSync(join(folder, 'package.json'), '{"name":"a checkout"}');
    expect(await releaseDigest(script)).toBeUndefined();
  });
});

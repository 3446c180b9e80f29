import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { writeFileAtomic } from './atomic-file.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-atomic-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a file for which there is no space is refused by code, and the one before stays', () => {
  const file = join(root, 'kept');
  writeFileAtomic(file, 'before');
  const module = fileURLToPath(new URL('./atomic-file.ts', import.meta.url));
  const script = `import { writeFileAtomic } from ${JSON.stringify(module)};
    try { writeFileAtomic(${JSON.stringify(file)}, 'x'.repeat(1 << 20)); } catch (error) { process.stdout.write(error.code); }`;
  // Files of at most 64 blocks: the kernel refuses the rest as it does on a full disk. Output goes through a pipe, which has no such limit.
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -f 64; exec "$0" "$@"', process.execPath, '--conditions=@boop/source', '--input-type=module', '--eval', script], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
  expect(stdout).toBe('storage.full');
  expect(readFileSync(file, 'utf8')).toBe('before');
  expect(readdirSync(root)).toEqual(['kept']);
});

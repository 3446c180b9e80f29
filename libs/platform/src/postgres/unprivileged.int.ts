import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, jest, test } from '@jest/globals';
import { findUnprivileged } from './unprivileged.ts';

jest.setTimeout(60_000);

const run = promisify(execFile);
const bit = '--securebits=+no_setuid_fixup';
const dir = mkdtempSync(join(tmpdir(), 'boop-closed-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a program in a folder that only root may enter is found by access(2), as initdb looks for its own', async () => {
  const program = join(dir, 'program');
  writeFileSync(program, '#!/bin/sh\nid -u\n');
  chmodSync(program, 0o755);
  chmodSync(dir, 0o700);
  const { prefix, spawnOptions } = await findUnprivileged([program]);
  if (prefix.length > 0 && !prefix.includes(bit)) {
    // Where the kernel does not let it be set.
    await expect(run('setpriv', [bit, 'true'])).rejects.toThrow();
    return;
  }
  const [command, ...args] = [...prefix, 'test', '-x', program];
  await run(command!, args, spawnOptions);
  const [asUser, ...more] = [...prefix, program];
  const { stdout } = await run(asUser!, more, spawnOptions);
  expect(stdout.trim() === '0').toBe(false);
});

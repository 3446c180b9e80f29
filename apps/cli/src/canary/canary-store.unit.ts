import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readCanaries, writeCanaries } from './canary-store.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-canary-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const file = join(dir, 'canaries.json');

test('a file holds what was written, for its owner alone; none is no canaries', async () => {
  expect(await readCanaries(file)).toEqual([]);
  const canaries = [{ identity: 2 ** 47, matches: 0 }];
  await writeCanaries(file, canaries);
  expect(await readCanaries(file)).toEqual(canaries);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each(['', '{}', '{"canaries":[{"identity":-1,"matches":0}]}', '{"canaries":[],"more":1}'])('%j is refused', async (text) => {
  writeFileSync(file, text);
  await expect(readCanaries(file)).rejects.toMatchObject({ code: 'canary.unreadable' });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { demoCommand } from './demo-command.ts';

let directory: string;
let said: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'boop-demo-'));
  said = [];
  jest.spyOn(console, 'error').mockImplementation((text: unknown) => void said.push(String(text)));
});
afterEach(async () => {
  jest.restoreAllMocks();
  process.exitCode = 0;
  await rm(directory, { recursive: true, force: true });
});

const quiet = () => demoCommand().exitOverride().configureOutput({ writeErr: () => undefined });

describe('boop demo', () => {
  test('says how to start a network when there is none', async () => {
    await quiet().parseAsync(['--data', directory], { from: 'user' });
    expect([process.exitCode, said.join()]).toEqual([1, expect.stringContaining('npm start')]);
  });

  test('says what is wrong with the captures before it looks for a network', async () => {
    await quiet().parseAsync(['--captures', join(directory, 'none'), '--data', directory], { from: 'user' });
    expect([process.exitCode, said.join()]).toEqual([1, expect.stringContaining('demo.no-captures')]);
  });

  test.each([[['--synthetic', '0']], [['--synthetic', 'many']], [['--captures', '.', '--synthetic', '3']], [['--gateway', 'http://x', '--port-base', '4000']], [['--concurrency', '99']]])('refuses %j', async (args) => {
    await expect(quiet().parseAsync(args, { from: 'user' })).rejects.toMatchObject({ exitCode: 1 });
  });
});

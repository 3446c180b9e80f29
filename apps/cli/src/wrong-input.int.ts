import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Command, CommanderError } from 'commander';
import { sentenceFor } from './failure.ts';
import { withDigestsLast } from './operands.ts';
import { boopProgram } from './program.ts';

jest.setTimeout(60_000);

const dir = mkdtempSync(join(tmpdir(), 'boop-wrong-'));
const at = (name: string): string => join(dir, name);

beforeAll(() => {
  mkdirSync(at('folder'));
  mkdirSync(at('node'));
  writeFileSync(at('file'), 'some text');
  writeFileSync(at('broken.json'), '{');
  writeFileSync(at('taken'), 'not empty');
  writeFileSync(at('readable-to-all'), 'a passphrase', { mode: 0o644 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Commander ends the process otherwise. */
function quiet(command: Command): Command {
  for (const one of command.commands) quiet(one);
  return command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
}

/** What a person reads who types this. */
async function answerTo(...args: string[]): Promise<string> {
  const said: string[] = [];
  const spy = jest.spyOn(console, 'error').mockImplementation((text: unknown) => void said.push(String(text)));
  try {
    await quiet(boopProgram()).parseAsync(withDigestsLast(args), { from: 'user' });
    // Commands that tell it themselves.
    if (process.exitCode !== 1) throw new Error('nothing was refused');
    return said.join('\n').trim();
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    const sentence = sentenceFor(error);
    if (sentence === undefined) throw error;
    return sentence;
  } finally {
    process.exitCode = 0;
    spy.mockRestore();
  }
}

const digest = 'A'.repeat(43);
const node = (name = 'node'): string[] => ['--node', at(name)];
const init = (...more: string[]): string[] => ['node', 'init', at('new'), '--name', 'zurich', '--jurisdiction', 'CH', '--address', 'node.example:40411', ...more];

describe('boop answers wrong input in a sentence', () => {
  test.each<[string, () => string[], RegExp]>([
    ['an unknown command', () => ['frobnicate'], /unknown command 'frobnicate'/],
    ['an unknown option', () => ['node', 'status', dir, '--verbose'], /unknown option '--verbose'/],
    ['no folder', () => ['network', 'approve', digest], /'--node <folder>' not specified/],
    ['a number that is none', () => ['network', 'node', 'kill', 'two'], /a whole number is needed/],
    ['a network in a file', () => ['network', 'status', '--data', at('file')], /no network is running in this data folder/],
    ['a node that does not run', () => ['network', 'show', ...node()], /nothing that could be asked is running there/],
    ['a manifest that is missing', () => ['network', 'propose', at('missing.json'), ...node()], /^there is no file \S+missing\.json$/],
    ['a folder for a manifest', () => ['network', 'propose', at('folder'), ...node()], /^there is no file \S+folder$/],
    ['a manifest that is no JSON', () => ['network', 'propose', at('broken.json'), ...node()], /^\S+broken\.json can't be read as JSON$/],
    ['a digest that is none', () => ['network', 'approve', 'epoch-2', ...node()], /43 letters, digits/],
    ['a folder that holds no node', () => ['node', 'status', at('folder')], /holds no node: make one with boop node init/],
    ['a file for a folder', () => ['node', 'init', at('file'), ...init().slice(3)], /^\S+file: not a directory$/],
    ['a folder with other things', () => ['node', 'init', dir, ...init().slice(3)], /is not empty/],
    ['an address without a port', () => ['node', 'init', at('new'), '--name', 'n', '--jurisdiction', 'CH', '--address', 'node.example'], /an address is written host:port/],
    ['a jurisdiction that is none', () => init('--jurisdiction', 'Zurich'), /^jurisdiction: /],
    ['a port beside which none is left', () => init('--address', 'node.example:65500'), /^metrics\.port: .*65535/],
    ['a passphrase that is missing', () => init('--passphrase-file', at('missing')), /^secret file \S+missing can't be read$/],
    ['a passphrase that others may read', () => init('--passphrase-file', at('readable-to-all')), /must have mode 0600/],
    ['a token without a PIN', () => init('--custody', 'pkcs11'), /needs --module, --token and --pin-file/],
    ['a folder for a list of nodes', () => ['node', 'join', at('folder'), '--peers', at('folder')], /an address is written host:port/],
    ['a backup that is missing', () => ['node', 'restore', at('node'), '--from', at('missing')], /^there is no file \S+missing$/],
    ['a folder for a backup', () => ['node', 'restore', at('node'), '--from', at('folder'), '--trial'], /^there is no file \S+folder$/],
    ['a trial of somebody else’s shares', () => ['node', 'restore', at('node'), '--from', at('file'), '--trial', '--share', at('file')], /'--trial' cannot be used with option '--share/],
    ['a restoration of nothing', () => ['node', 'restore', at('node')], /either --from or --ask is needed/],
    ['a file for the folder of backups', () => ['node', 'backup', at('node'), '--to', at('file')], /^\S+file is not a folder$/],
    ['a key that is none', () => ['node', 'backup-share', at('node'), '--from', at('file'), '--for', 'bob'], /43 letters, digits/],
    ['a manifest for services that is missing', () => ['services', 'init', at('services'), '--manifest', at('missing'), '--fingerprint', 'x', '--port-base', '47000'], /can't be read as JSON/],
    ['no services', () => ['services', 'run', at('folder')], /holds no services: make them with boop services init/],
    ['a gateway without a scheme', () => ['demo', '--gateway', 'localhost:40401'], /an address such as http:/],
    ['a report in a file’s folder', () => ['demo', '--json', join(at('file'), 'report.json'), '--data', at('folder')], /file is not a folder/],
    ['nothing to scan', () => ['scan', '--data', at('folder')], /either the id of an authentication or --register is needed/],
    ['a gateway that does not answer', () => ['listen', '--key', 'sk_test_x', '--gateway', 'http://127.0.0.1:1'], /^no gateway answers at http:\/\/127\.0\.0\.1:1$/],
    ['captures that are missing', () => ['eval', at('missing')], /there is no readable folder/],
    ['a ledger that is missing', () => ['ledger', 'check', '--data', at('folder')], /there is no ledger's configuration/],
    ['a key of no log', () => ['monitor', 'http://127.0.0.1:1', '--key', 'x', '--once'], /not a verifier key/],
  ])('%s', async (_, args, answer) => {
    const said = await answerTo(...args());
    expect(said).toMatch(answer);
    expect(said).not.toMatch(/\n\s+at |node:internal|undefined/);
  });

  test('a digest is an operand whatever it begins with', async () => {
    const dashed = `-h${'b'.repeat(41)}`;
    expect(withDigestsLast(['network', 'approve', dashed, '--node', 'x'])).toEqual(['network', 'approve', '--node', 'x', '--', dashed]);
    expect(withDigestsLast(['node', 'backup-share', 'x', '--for', dashed])).toEqual(['node', 'backup-share', 'x', '--for', dashed]);
    expect(await answerTo('network', 'show', dashed, ...node())).toMatch(/nothing that could be asked is running there/);
  });
});

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { loadConfig } from './load-config.ts';
import { readSecretFile } from './secret-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'boop-config-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const schema = z.strictObject({
  networkId: z.string(),
  http: z.strictObject({ host: z.string(), port: z.number().int().min(1).max(65535) }),
  databaseUrlFile: z.string().optional(),
});

function yaml(name: string, text: string): string {
  const file = join(dir, name);
  writeFileSync(file, text);
  return file;
}

const valid = 'networkId: dev\nhttp: {host: 127.0.0.1, port: 8080}\n';

describe('configuration', () => {
  test('comes from the file, and the environment wins key by key', () => {
    const file = yaml('valid.yaml', valid);
    const env = { BOOP_HTTP__PORT: '9090', BOOP_CONFIG: file, BOOP_DATABASE_URL_FILE: '/run/url', OTHER_HTTP__PORT: '1' };
    expect(loadConfig(schema, { file, env, prefix: 'BOOP' })).toEqual({
      networkId: 'dev',
      http: { host: '127.0.0.1', port: 9090 },
      databaseUrlFile: '/run/url',
    });
  });

  test.each([
    ['a wrong type', 'networkId: dev\nhttp: {host: h, port: hunter2}\n', 'config.invalid', /http\.port/],
    ['a missing key', 'http: {host: h, port: 1}\n', 'config.invalid', /networkId/],
    ['an unknown key', `${valid}colour: red\n`, 'config.invalid', /colour/],
    ['a secret in the open', `${valid}dbPassword: hunter2\n`, 'config.inline-secret', /dbPasswordFile/],
    ['broken YAML', 'networkId: "hunter2\n', 'config.malformed', /YAML/],
    ['a repeated key', `${valid}networkId: hunter2\n`, 'config.malformed', /DUPLICATE_KEY/],
    ['a list', '- hunter2\n', 'config.malformed', /mapping/],
  ])('%s is refused by name, never by value', (name, text, code, message) => {
    const file = yaml(`${name.replaceAll(' ', '-')}.yaml`, text);
    const load = (): unknown => loadConfig(schema, { file, env: {}, prefix: 'BOOP' });
    expect(load).toThrow(expect.objectContaining({ code, kind: 'fatal', message: expect.stringMatching(message) }));
    expect(load).not.toThrow(/hunter2/);
  });

  test('a file that is not there is named', () => {
    expect(() => loadConfig(schema, { file: join(dir, 'absent.yaml'), env: {}, prefix: 'BOOP' })).toThrow(
      expect.objectContaining({ code: 'config.unreadable', message: expect.stringContaining('absent.yaml') }),
    );
  });
});

describe('a secret file', () => {
  test('gives its text, and is refused when others may read it', () => {
    const file = yaml('secret', 'postgres://x\n');
    chmodSync(file, 0o600);
    expect(readSecretFile(file)).toBe('postgres://x');
    chmodSync(file, 0o640);
    expect(() => readSecretFile(file)).toThrow(expect.objectContaining({ code: 'config.secret-exposed' }));
    expect(() => readSecretFile(join(dir, 'none'))).toThrow(expect.objectContaining({ code: 'config.secret-unreadable' }));
  });
});

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { utf8 } from '@boop/shared';
import { systemRng } from '../system.ts';
import { custodyContract } from '../testing/custody-contract.ts';
import { openFileCustody } from './file-custody.ts';
import { openCustody } from './open-custody.ts';
import { openRow } from './sealed-row.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-custody-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const dirOf = (name: string): string => join(root, name, 'keys');
const refusal = (code: string) => expect.objectContaining({ code, kind: 'fatal' });

custodyContract('a folder', () => Promise.resolve({ open: () => openCustody({ kind: 'file' }, dirOf('contract'), systemRng) }));

describe('keys in a folder', () => {
  test('leave none in the clear but the master key, and no file open to others', () => {
    const dir = dirOf('b');
    openFileCustody(dir, systemRng).createKey('identity');
    expect(readdirSync(dir).sort()).toEqual(['hpke.sealed', 'identity-2.sealed', 'identity.sealed', 'master.key']);
    const [master, sealed] = ['master.key', 'hpke.sealed'].map((name) => new Uint8Array(readFileSync(join(dir, name))));
    const secret = Buffer.from(openRow(master!, sealed!, utf8('boop/custody/v1/hpke')));
    for (const file of readdirSync(dir)) {
      expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(dir, file)).includes(secret)).toBe(false);
    }
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  test('are refused from an exposed folder, a swapped file and another master key', () => {
    const open = (name: string) => () => openFileCustody(dirOf(name), systemRng);
    open('c')();
    chmodSync(dirOf('c'), 0o755);
    expect(open('c')).toThrow(refusal('custody.exposed'));

    open('d')();
    writeFileSync(join(dirOf('d'), 'hpke.sealed'), readFileSync(join(dirOf('d'), 'identity.sealed')));
    expect(open('d')).toThrow(refusal('store.tampered'));

    open('e')();
    writeFileSync(join(dirOf('e'), 'master.key'), systemRng.bytes(32));
    expect(open('e')).toThrow(refusal('store.tampered'));
  });

  test('open with their passphrase only', async () => {
    const dir = dirOf('f');
    const passphraseFile = (text: string): string => {
      writeFileSync(join(root, 'passphrase'), text, { mode: 0o600 });
      return join(root, 'passphrase');
    };
    const open = (text: string) => openCustody({ kind: 'file', passphraseFile: passphraseFile(text) }, dir, systemRng);
    const { identityPublicKey } = await open('correct horse\n');
    expect(readdirSync(dir)).not.toContain('master.key');
    expect((await open('correct horse')).identityPublicKey).toEqual(identityPublicKey);
    await expect(open('wrong-horse-7')).rejects.toEqual(refusal('custody.wrong-passphrase'));
    await expect(open('wrong-horse-7')).rejects.not.toThrow(/wrong-horse/);
    await expect(openCustody({ kind: 'file' }, dir, systemRng)).rejects.toEqual(refusal('custody.passphrase-needed'));
    const master = join(dir, 'master.sealed');
    writeFileSync(master, readFileSync(master).subarray(0, 40));
    await expect(open('correct horse')).rejects.toEqual(refusal('custody.wrong-passphrase'));
    writeFileSync(join(dir, 'master.key'), systemRng.bytes(32));
    await expect(open('correct horse')).rejects.toEqual(refusal('custody.exposed'));
    // Each opening derives a key from the passphrase, which is meant to be slow.
  }, 600_000);

  test('are not opened with a passphrase that others may read', async () => {
    writeFileSync(join(root, 'open-passphrase'), 'x', { mode: 0o644 });
    await expect(openCustody({ kind: 'file', passphraseFile: join(root, 'open-passphrase') }, dirOf('g'), systemRng)).rejects.toEqual(refusal('config.secret-exposed'));
  });
});

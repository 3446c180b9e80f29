import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { systemRng } from '../system.ts';
import { custodyContract } from '../testing/custody-contract.ts';
import { createSoftToken, hasTokens, selectToken } from '../testing/soft-token.ts';
import { type CustodySettings, openCustody } from './open-custody.ts';
import { openPkcs11 } from './pkcs11-session.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-pkcs11-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const refusal = (code: string) => expect.objectContaining({ code, kind: 'fatal' });

test('a token whose module is not there is refused', async () => {
  const settings: CustodySettings = { kind: 'pkcs11', module: join(root, 'absent.so'), tokenLabel: 'absent', pinFile: join(root, 'module-pin') };
  writeFileSync(settings.pinFile, '111111', { mode: 0o600 });
  await expect(openCustody(settings, join(root, 'keys'), systemRng)).rejects.toEqual(refusal('custody.pkcs11-missing'));
  rmSync(settings.pinFile);
});

if (await hasTokens('keys in a PKCS#11 token')) {
  const token = createSoftToken();
  selectToken(token);
  afterAll(() => token.remove());
  const settings: CustodySettings = { kind: 'pkcs11', module: token.module, tokenLabel: token.label, pinFile: token.pinFile };
  const open = (altered: Partial<CustodySettings> = {}) => openCustody({ ...settings, ...altered } as CustodySettings, join(root, 'keys'), systemRng);

  custodyContract('a PKCS#11 token', () => Promise.resolve({ open }));

  describe('keys in a PKCS#11 token', () => {
    test('cannot be exported: not extractable, and no value is given out', async () => {
      const custody = await open();
      const { library, token: module, session, close } = await openPkcs11({ module: token.module, token: token.label, pin: readFileSync(token.pinFile, 'utf8') });
      const classes = { private: library.CKO_PRIVATE_KEY, secret: library.CKO_SECRET_KEY };
      const found: string[] = [];
      for (const [kind, value] of Object.entries(classes)) {
        module.C_FindObjectsInit(session, [{ type: library.CKA_CLASS, value }]);
        const handles = module.C_FindObjects(session, 100);
        module.C_FindObjectsFinal(session);
        for (const handle of handles) {
          const [label, extractable, sensitive] = module.C_GetAttributeValue(session, handle, [{ type: library.CKA_LABEL }, { type: library.CKA_EXTRACTABLE }, { type: library.CKA_SENSITIVE }]);
          expect([(extractable!.value as Buffer)[0], (sensitive!.value as Buffer)[0]]).toEqual([0, 1]);
          expect(() => module.C_GetAttributeValue(session, handle, [{ type: library.CKA_VALUE }])).toThrow(/CKR_ATTRIBUTE_SENSITIVE/);
          found.push(`${kind} ${(label!.value as Buffer).toString()}`);
        }
      }
      expect(new Set(found)).toEqual(new Set(['private boop-identity', 'private boop-hpke', 'secret boop-master']));
      close();
      custody.destroy();
    });

    test('cannot be read by pkcs11-tool either', () => {
      const tool = (...args: string[]) =>
        spawnSync('pkcs11-tool', ['--module', token.module, '--token-label', token.label, '--login', '--pin', readFileSync(token.pinFile, 'utf8'), ...args], { encoding: 'utf8', env: { ...process.env, SOFTHSM2_CONF: token.configFile } });
      const { status, stderr, stdout, error } = tool('--read-object', '--type', 'secrkey', '--label', 'boop-master');
      if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
        process.stderr.write('pkcs11-tool is absent: its attempt to read a private key not run\n');
        return;
      }
      expect(status).not.toBe(0);
      expect(stdout + stderr).toMatch(/CKR_ATTRIBUTE_SENSITIVE/);
      const access = tool('--list-objects', '--type', 'privkey').stdout.split('\n').filter((line) => line.includes('Access:'));
      expect(access.length).toBeGreaterThan(1);
      for (const line of access) expect(line).toMatch(/always sensitive, never extractable, local/);
    });

    test('leave nothing in the folder of the node', () => {
      expect(statSync(join(root, 'keys'), { throwIfNoEntry: false })).toBeUndefined();
      expect(readdirSync(root)).toEqual([]);
    });

    test('are refused with another PIN, and without the token', async () => {
      const pinFile = join(root, 'pin');
      writeFileSync(pinFile, '111111', { mode: 0o600 });
      await expect(open({ pinFile })).rejects.toEqual(refusal('custody.wrong-pin'));
      await expect(open({ pinFile })).rejects.not.toThrow(/111111/);
      rmSync(pinFile);
      await expect(open({ pinFile })).rejects.toEqual(refusal('config.secret-unreadable'));
      await expect(open({ tokenLabel: 'absent' })).rejects.toEqual(refusal('custody.token-missing'));
    });
  });
}

import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { toBase64Url, utf8 } from '@boop/shared';
import { systemRng } from '../system.ts';
import { openFileCustody } from './file-custody.ts';

const root = mkdtempSync(join(tmpdir(), 'boop-custody-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const dirOf = (name: string): string => join(root, name, 'keys');

describe('file custody', () => {
  test('keeps the same keys across openings, signs, and wraps data keys', () => {
    const first = openFileCustody(dirOf('a'), systemRng);
    const dataKey = systemRng.bytes(32);
    const wrapped = first.wrapDataKey(dataKey, 'gallery');
    const second = openFileCustody(dirOf('a'), systemRng);
    expect(second.identityPublicKey).toEqual(first.identityPublicKey);
    expect(second.hpkePublicKey).toEqual(first.hpkePublicKey);
    expect(second.hpkePrivateKey()).toEqual(first.hpkePrivateKey());
    expect(second.unwrapDataKey(wrapped, 'gallery')).toEqual(dataKey);
    expect(() => second.unwrapDataKey(wrapped, 'pool')).toThrow(expect.objectContaining({ code: 'store.tampered' }));

    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(first.identityPublicKey) }, format: 'jwk' });
    expect(verify(null, utf8('statement'), publicKey, second.signIdentity(utf8('statement')))).toBe(true);
  });

  test('leaves no key in the clear but the master key, and no file open to others', () => {
    const dir = dirOf('b');
    const hpkeSecret = Buffer.from(openFileCustody(dir, systemRng).hpkePrivateKey());
    expect(readdirSync(dir).sort()).toEqual(['hpke.sealed', 'identity.sealed', 'master.key']);
    for (const file of readdirSync(dir)) {
      expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
      expect(readFileSync(join(dir, file)).includes(hpkeSecret)).toBe(false);
    }
    expect(statSync(dir).mode & 0o777).toBe(0o700);
  });

  test('refuses an exposed folder, a swapped file and another master key', () => {
    const open = (name: string) => () => openFileCustody(dirOf(name), systemRng);
    open('c')();
    chmodSync(dirOf('c'), 0o755);
    expect(open('c')).toThrow(expect.objectContaining({ code: 'custody.exposed' }));

    open('d')();
    writeFileSync(join(dirOf('d'), 'hpke.sealed'), readFileSync(join(dirOf('d'), 'identity.sealed')));
    expect(open('d')).toThrow(expect.objectContaining({ code: 'store.tampered' }));

    open('e')();
    writeFileSync(join(dirOf('e'), 'master.key'), systemRng.bytes(32));
    expect(open('e')).toThrow(expect.objectContaining({ code: 'store.tampered' }));
  });

  test('does nothing after it was destroyed', () => {
    const custody = openFileCustody(dirOf('f'), systemRng);
    custody.destroy();
    expect(() => custody.signIdentity(utf8('x'))).toThrow(expect.objectContaining({ code: 'custody.destroyed' }));
    expect(() => custody.hpkePrivateKey()).toThrow(expect.objectContaining({ code: 'custody.destroyed' }));
  });
});

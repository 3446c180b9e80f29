import { createPublicKey, diffieHellman, generateKeyPairSync, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { equalBytes, toBase64Url, utf8 } from '@boop/shared';
import { systemRng } from '../system.ts';
import { type NodeCustody } from '../custody/key-custody.ts';

/** One custody after the other over the same keys. */
export interface CustodyPlace {
  open(): Promise<NodeCustody>;
}

const publicKeyOf = (crv: 'Ed25519' | 'X25519', bytes: Uint8Array) => createPublicKey({ key: { kty: 'OKP', crv, x: toBase64Url(bytes) }, format: 'jwk' });
const verifies = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => verify(null, message, publicKeyOf('Ed25519', publicKey), signature);

/** What every adapter of {@link NodeCustody} keeps. @param create makes a place without keys */
export function custodyContract(name: string, create: () => Promise<CustodyPlace>): void {
  describe(`${name} keeps the contract of a custody`, () => {
    let place: CustodyPlace;
    let custody: NodeCustody;
    const message = utf8('boop-test/1 statement');

    beforeAll(async () => {
      place = await create();
      custody = await place.open();
    });
    afterAll(() => custody.destroy());

    test('the same keys after it is opened again', async () => {
      const again = await place.open();
      expect(again.identityPublicKey).toEqual(custody.identityPublicKey);
      expect(again.hpkePublicKey).toEqual(custody.hpkePublicKey);
      expect(verifies(custody.identityPublicKey, message, again.signIdentity(message))).toBe(true);
      again.destroy();
      expect(verifies(custody.identityPublicKey, utf8('another'), custody.signIdentity(message))).toBe(false);
    });

    test('agrees on secrets as RFC 7748 has it, and on none with a point of small order', () => {
      const sender = generateKeyPairSync('x25519');
      const senderPublic = new Uint8Array(Buffer.from(sender.publicKey.export({ format: 'jwk' }).x!, 'base64url'));
      const expected = diffieHellman({ privateKey: sender.privateKey, publicKey: publicKeyOf('X25519', custody.hpkePublicKey) });
      expect(custody.agreeHpke(senderPublic)).toEqual(new Uint8Array(expected));
      for (const refused of [new Uint8Array(32), senderPublic.subarray(1)]) expect(() => custody.agreeHpke(refused)).toThrow(expect.objectContaining({ code: 'custody.refused' }));
    });

    test('unwraps what it wrapped, in that context and unaltered only', async () => {
      const dataKey = systemRng.bytes(32);
      const [wrapped, second] = [custody.wrapDataKey(dataKey, 'gallery'), custody.wrapDataKey(dataKey, 'gallery')];
      const again = await place.open();
      expect(again.unwrapDataKey(wrapped, 'gallery')).toEqual(dataKey);
      again.destroy();
      expect(equalBytes(wrapped, second)).toBe(false);
      const tampered = expect.objectContaining({ code: 'store.tampered' });
      expect(() => custody.unwrapDataKey(wrapped, 'pool')).toThrow(tampered);
      for (let at = 0; at < wrapped.length; at += 1) {
        const altered = wrapped.slice();
        altered[at]! ^= 1;
        expect(() => custody.unwrapDataKey(altered, 'gallery')).toThrow(tampered);
      }
      expect(() => custody.unwrapDataKey(wrapped.subarray(1), 'gallery')).toThrow(tampered);
      expect(() => custody.wrapDataKey(new Uint8Array(16), 'gallery')).toThrow(expect.objectContaining({ code: 'custody.malformed' }));
    });

    test.each(['identity', 'hpke'] as const)('one %s key follows another: both serve until the older is erased', async (use) => {
      const first = custody.publicKeys(use)[0]!;
      const next = custody.createKey(use);
      expect(custody.publicKeys(use)).toEqual([first, next]);
      const elsewhere = await place.open();
      const third = elsewhere.createKey(use);
      elsewhere.eraseKey(use, third);
      expect([custody.holds(use, next), custody.holds(use, third), elsewhere.holds(use, first)]).toEqual([true, false, true]);
      elsewhere.destroy();
      const keys = (identity: Uint8Array, hpke: Uint8Array) => ({ identity, hpke });
      const [was, is] = use === 'identity' ? [keys(first, custody.hpkePublicKey), keys(next, custody.hpkePublicKey)] : [keys(custody.identityPublicKey, first), keys(custody.identityPublicKey, next)];
      const again = await place.open();
      for (const named of [was, is]) {
        const acting = again.withKeys(named);
        expect([acting.identityPublicKey, acting.hpkePublicKey]).toEqual([named.identity, named.hpke]);
        expect(verifies(named.identity, message, acting.signIdentity(message))).toBe(true);
        const sender = generateKeyPairSync('x25519');
        const expected = diffieHellman({ privateKey: sender.privateKey, publicKey: publicKeyOf('X25519', named.hpke) });
        expect(acting.agreeHpke(new Uint8Array(Buffer.from(sender.publicKey.export({ format: 'jwk' }).x!, 'base64url')))).toEqual(new Uint8Array(expected));
      }
      again.destroy();
      custody.eraseKey(use, first);
      expect(() => custody.withKeys(was)).toThrow(expect.objectContaining({ code: 'custody.unknown-key' }));
      expect(() => custody.eraseKey(use, next)).toThrow(expect.objectContaining({ code: 'custody.refused' }));
      const after = await place.open();
      expect(after.publicKeys(use)).toEqual([next]);
      expect(use === 'identity' ? after.identityPublicKey : after.hpkePublicKey).toEqual(next);
      after.destroy();
    });

    test('does nothing after it was destroyed', async () => {
      const closed = await place.open();
      closed.destroy();
      closed.destroy();
      const destroyed = expect.objectContaining({ code: 'custody.destroyed' });
      for (const operation of [() => closed.signIdentity(message), () => closed.agreeHpke(new Uint8Array(32)), () => closed.wrapDataKey(new Uint8Array(32), 'x'), () => closed.createKey('hpke')])
        expect(operation).toThrow(destroyed);
    });

    test('prints no key', () => {
      const shown = JSON.stringify(custody) + String(custody);
      expect(shown).not.toMatch(/private|secret|master/i);
    });
  });
}

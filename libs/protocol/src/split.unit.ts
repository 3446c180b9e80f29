import { randomBytes } from 'node:crypto';
import { x25519 } from '@noble/curves/ed25519.js';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { toBase64Url } from '@boop/shared';
import { checkSplit, cutShares, deriveHpkeKeyPair, heldHpkeKeyPair, type HpkeKeyPair, importHpkeKeyPair, openShare, sealSplit, type SealedSplit, sealedSplitSchema, splitFor, splitHash, type SplitHeader } from './index.ts';

const device = SigningKey.fromSecret(new Uint8Array(32).fill(7));
const header: SplitHeader = {
  v: 1, networkId: 'net', epoch: 1, purpose: 'authentication', sessionId: toBase64Url(new Uint8Array(32).fill(1)), encoder: 'palm-compcode-1', splitAt: 'edge', items: [{ role: 'probe', valid: 900 }],
};
const expected = { networkId: 'net', epoch: 1, party: 2, nodes: 3, purpose: 'authentication' as const, sessionId: header.sessionId };
const shares = [1, 2, 3].map((value) => new Uint8Array(64).fill(value));
let keys: HpkeKeyPair[];
let split: SealedSplit;

beforeAll(async () => {
  keys = await Promise.all([1, 2, 3].map(() => deriveHpkeKeyPair(randomBytes(32))));
  split = await sealSplit(header, shares, keys.map(({ publicKey }, i) => ({ party: i + 1, hpkeKey: publicKey })), device);
});

describe('a sealed split', () => {
  test('opens at each node to its own share and nowhere else', async () => {
    expect(sealedSplitSchema.parse(JSON.parse(JSON.stringify(split)))).toEqual(split);
    for (const party of [1, 2, 3]) {
      const part = splitFor(split, party);
      expect(() => checkSplit(part, { ...expected, party })).not.toThrow();
      expect(await openShare(part, keys[party - 1]!.privateKey)).toEqual(shares[party - 1]);
      await expect(openShare(part, keys[party % 3]!.privateKey)).rejects.toMatchObject({ code: 'share.unopenable' });
    }
  });

  test.each<[string, (part: ReturnType<typeof splitFor>) => unknown, object]>([
    ['share.wrong-node', (part) => part, { party: 1 }],
    ['share.wrong-epoch', (part) => part, { epoch: 2 }],
    ['share.wrong-epoch', (part) => part, { networkId: 'other' }],
    ['share.wrong-session', (part) => part, { sessionId: toBase64Url(new Uint8Array(32)) }],
    ['share.wrong-session', (part) => part, { purpose: 'registration' }],
    ['split.incomplete', (part) => ({ ...part, hashes: part.hashes.slice(1) }), {}],
    ['split.altered', (part) => ({ ...part, envelope: { ...part.envelope, ciphertext: part.envelope.ciphertext.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) } }), {}],
    ['split.altered', (part) => ({ ...part, header: { ...part.header, splitAt: 'gateway' } }), {}],
    ['split.altered', (part) => ({ ...part, header: { ...part.header, items: [{ role: 'probe', valid: 901 }] } }), {}],
    ['split.altered', (part) => ({ ...part, deviceKey: SigningKey.fromSecret(new Uint8Array(32).fill(8)).publicKey }), {}],
  ])('is refused with %s', (code, alter, against) => {
    expect(() => checkSplit(alter(splitFor(split, 2)) as ReturnType<typeof splitFor>, { ...expected, ...against })).toThrow(expect.objectContaining({ code }));
  });

  test.each<[string, object[]]>([
    ['without a declared number of valid coordinates', [{ role: 'probe' }]],
    ['with a fraction of one', [{ role: 'probe', valid: 900.5 }]],
    ['with fewer than none', [{ role: 'probe', valid: -1 }]],
    ['with a field that nobody knows', [{ role: 'probe', valid: 900, weight: 1 }]],
  ])('does not parse %s', (_, items) => {
    expect(sealedSplitSchema.safeParse({ ...split, header: { ...header, items } }).success).toBe(false);
  });

  test('an envelope under a header that the sealer did not use does not open', async () => {
    const part = splitFor(split, 1);
    await expect(openShare({ ...part, header: { ...part.header, epoch: 2 } }, keys[0]!.privateKey)).rejects.toMatchObject({ code: 'share.unopenable' });
  });

  test('a custody\'s own X25519 key opens as well as a derived one', async () => {
    const pairs = await Promise.all([4, 5, 6].map((value) => importHpkeKeyPair(new Uint8Array(32).fill(value))));
    const sealed = await sealSplit(header, shares, pairs.map(({ publicKey }, i) => ({ party: i + 1, hpkeKey: publicKey })), device);
    expect(await openShare(splitFor(sealed, 2), pairs[1]!.privateKey)).toEqual(shares[1]);
    await expect(openShare(splitFor(sealed, 2), pairs[0]!.privateKey)).rejects.toMatchObject({ code: 'share.unopenable' });
  });

  test('a key that stays in its custody opens by agreement alone', async () => {
    const secrets = [4, 5, 6].map((value) => new Uint8Array(32).fill(value));
    const pairs = secrets.map((secret) => heldHpkeKeyPair(x25519.getPublicKey(secret), (publicKey) => x25519.getSharedSecret(secret, publicKey)));
    expect(pairs[0]!.publicKey).toBe((await importHpkeKeyPair(secrets[0]!)).publicKey);
    const sealed = await sealSplit(header, shares, pairs.map(({ publicKey }, i) => ({ party: i + 1, hpkeKey: publicKey })), device);
    expect(await openShare(splitFor(sealed, 2), pairs[1]!.privateKey)).toEqual(shares[1]);
    await expect(openShare(splitFor(sealed, 2), pairs[0]!.privateKey)).rejects.toMatchObject({ code: 'share.unopenable' });
    const failing = heldHpkeKeyPair(x25519.getPublicKey(secrets[1]!), () => {
      throw new RangeError('the token is gone');
    });
    await expect(openShare(splitFor(sealed, 2), failing.privateKey)).rejects.toMatchObject({ code: 'share.unopenable' });
  });

  test('two splits of the same shares have different names', async () => {
    const again = await sealSplit(header, shares, keys.map(({ publicKey }, i) => ({ party: i + 1, hpkeKey: publicKey })), device);
    expect(splitHash(splitFor(again, 1))).not.toBe(splitHash(splitFor(split, 1)));
    expect(splitHash(splitFor(split, 1))).toBe(splitHash(splitFor(split, 3)));
  });

  test('a plaintext of the wrong length is refused', () => {
    expect(() => cutShares(new Uint8Array(65), 1, 64)).toThrow(expect.objectContaining({ code: 'share.malformed' }));
    expect(cutShares(new Uint8Array(128), 2, 64)).toHaveLength(2);
  });
});

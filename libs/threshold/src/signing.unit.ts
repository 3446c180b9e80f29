import { inspect } from 'node:util';
import { createPublicKey, verify as verifyWithNode } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { compactVerify, importJWK } from 'jose';
import { describe, expect, test } from '@jest/globals';
import { opensslArithmetic } from '@boop/platform';
import { partyId, type PartyId, toBase64Url, toHex, utf8 } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { dealKey, subsets } from './fixtures/dealer.ts';
import { aggregate, commit, KeyShare, parseGroupKey, portableArithmetic, serializeGroupKey, signingPart, signShare, type SigningNonces, ThresholdFault, verifyShare, verifySignature } from './index.ts';

const message = utf8('header.payload');
const keys = dealKey('FROST-ED25519-SHA512', 3, 5, seededRng(1));
const group = keys.get(partyId(1))!.group;
const ids = (...numbers: number[]) => numbers.map(partyId);

function commitAll(signers: readonly PartyId[], shares = keys) {
  const started = new Map(signers.map((party) => [party, commit(shares.get(party)!, seededRng(10 + party))]));
  const commitments = new Map([...started].map(([party, { commitment }]) => [party, commitment]));
  const nonces = (party: PartyId): SigningNonces => started.get(party)!.nonces;
  return { commitments, nonces };
}

function signAll(signers: readonly PartyId[], shares = keys) {
  const { commitments, nonces } = commitAll(signers, shares);
  return { commitments, parts: new Map(signers.map((party) => [party, signShare(shares.get(party)!, nonces(party), commitments, message)])) };
}

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
const faultOf = (work: () => unknown): ThresholdFault => {
  try {
    work();
  } catch (error) {
    return error as ThresholdFault;
  }
  throw new Error('did not throw');
};

describe('a FROST signature', () => {
  const { commitments, parts } = signAll(ids(1, 3, 5));
  const signature = aggregate(group, commitments, message, parts);

  test('verifies under node:crypto, noble and our own verifier, and under no other message', () => {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(group.publicKey) }, format: 'jwk' });
    expect(signature).toHaveLength(64);
    expect(verifyWithNode(null, message, key, signature)).toBe(true);
    expect(verifyWithNode(null, utf8('other'), key, signature)).toBe(false);
    expect(ed25519.verify(signature, message, group.publicKey, { zip215: false })).toBe(true);
    expect(verifySignature(group, message, signature)).toBe(true);
    expect(verifySignature(group, message, flip(signature))).toBe(false);
    expect(verifySignature(group, message, signature.slice(1))).toBe(false);
  });

  test('makes an EdDSA JWS that jose verifies', async () => {
    const signed = `${toBase64Url(utf8('{"alg":"EdDSA"}'))}.${toBase64Url(utf8('{"sub":"x"}'))}`;
    const { commitments: list, nonces } = commitAll(ids(2, 3, 4));
    const shares = new Map(ids(2, 3, 4).map((party) => [party, signShare(keys.get(party)!, nonces(party), list, utf8(signed))]));
    const jws = `${signed}.${toBase64Url(aggregate(group, list, utf8(signed), shares))}`;
    const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: toBase64Url(group.publicKey) }, 'EdDSA');
    await expect(compactVerify(jws, key)).resolves.toMatchObject({ protectedHeader: { alg: 'EdDSA' } });
  });

  test.each(subsets(ids(1, 2, 3, 4, 5), 3).concat([ids(1, 2, 3, 4, 5)]).map((signers) => [signers]))('comes from the signers %j', (signers) => {
    const run = signAll(signers);
    expect(verifySignature(group, message, aggregate(group, run.commitments, message, run.parts))).toBe(true);
  });

  test('works on P-256 with 65-byte Schnorr signatures', () => {
    const p256Keys = dealKey('FROST-P256-SHA256', 2, 3, seededRng(2));
    const p256Group = p256Keys.get(partyId(1))!.group;
    const run = signAll(ids(2, 3), p256Keys);
    const schnorr = aggregate(p256Group, run.commitments, message, run.parts);
    expect(schnorr).toHaveLength(65);
    expect(verifySignature(p256Group, message, schnorr)).toBe(true);
  });

  test('is verified whatever R its caller brings, and comes out right with a wrong one', () => {
    const { commitments: list, nonces } = commitAll(ids(1, 3, 5));
    const made = new Map(ids(1, 3, 5).map((party) => [party, signingPart(keys.get(party)!, nonces(party), list, message, opensslArithmetic)]));
    const shares = new Map([...made].map(([party, { share }]) => [party, share]));
    const { groupCommitment } = made.get(partyId(1))!;
    const expected = aggregate(group, list, message, shares);
    expect(expected.slice(0, 32)).toEqual(groupCommitment);
    for (const hint of [groupCommitment, flip(groupCommitment), new Uint8Array(3)]) expect(aggregate(group, list, message, shares, { arithmetic: opensslArithmetic, groupCommitment: hint })).toEqual(expected);
    const bad = new Map(shares).set(partyId(3), flip(shares.get(partyId(3))!));
    expect(faultOf(() => aggregate(group, list, message, bad, { arithmetic: opensslArithmetic, groupCommitment }))).toMatchObject({ code: 'frost.bad-share', blame: [3] });
  });

  test.each([['portable', portableArithmetic], ['OpenSSL', opensslArithmetic]] as const)('takes no commitment with a component of small order, by %s arithmetic', (_by, arithmetic) => {
    const torsion = ed25519.Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');
    for (const half of [0, 32]) {
      const { commitments: list, nonces } = commitAll(ids(1, 2, 3));
      const altered = list.get(partyId(2))!.slice();
      altered.set(ed25519.Point.fromBytes(altered.slice(half, half + 32)).add(torsion).toBytes(), half);
      expect(faultOf(() => signShare(keys.get(partyId(1))!, nonces(partyId(1)), list.set(partyId(2), altered), message, arithmetic))).toMatchObject({ code: 'frost.bad-commitment', blame: [2] });
    }
  });

  test('does not depend on the order of the maps', () => {
    const reversed = <T>(map: ReadonlyMap<PartyId, T>) => new Map([...map].reverse());
    expect(aggregate(group, reversed(commitments), message, reversed(parts))).toEqual(signature);
  });

  test.each<[string, Uint8Array]>([
    ['altered', flip(parts.get(partyId(3))!)],
    ['of another party', parts.get(partyId(1))!],
    ['cut', parts.get(partyId(3))!.slice(1)],
    ['not a canonical scalar', new Uint8Array(32).fill(0xff)],
  ])('is refused when a share is %s, and its party named', (_what, bad) => {
    const fault = faultOf(() => aggregate(group, commitments, message, new Map(parts).set(partyId(3), bad)));
    expect(fault).toBeInstanceOf(ThresholdFault);
    expect(fault).toMatchObject({ code: 'frost.bad-share', kind: 'peer', blame: [3] });
    expect(verifyShare(group, commitments, message, partyId(3), bad)).toBe(false);
    expect(verifyShare(group, commitments, message, partyId(3), parts.get(partyId(3))!)).toBe(true);
  });

  test('names all who lie, in ascending order', () => {
    const bad = new Map(parts).set(partyId(5), flip(parts.get(partyId(5))!)).set(partyId(1), flip(parts.get(partyId(1))!));
    expect(faultOf(() => aggregate(group, commitments, message, bad)).blame).toEqual([1, 5]);
  });

  test('is refused for shares that do not match the commitments', () => {
    const other = new Map([...parts].map(([party, bytes]) => [party === 5 ? partyId(4) : party, bytes]));
    for (const shares of [other, new Map([...parts].slice(1))]) {
      expect(() => aggregate(group, commitments, message, shares)).toThrow(expect.objectContaining({ code: 'frost.shares-mismatch' }));
    }
  });
});

describe('a signer', () => {
  const signers = ids(1, 2, 3);
  const share = keys.get(partyId(1))!;

  test.each<[string, string, (map: Map<PartyId, Uint8Array>) => unknown]>([
    ['its own commitment is missing', 'frost.own-commitment-missing', (map) => (map.delete(partyId(1)), map.set(partyId(4), commitAll(ids(4)).commitments.get(partyId(4))!))],
    ['its own commitment is altered', 'frost.own-commitment-altered', (map) => map.set(partyId(1), map.get(partyId(2))!)],
    ['a signer is outside the key set', 'frost.unknown-party', (map) => map.set(partyId(9), map.get(partyId(2))!)],
    ['there are too few signers', 'frost.too-few-commitments', (map) => map.delete(partyId(3))],
    ['a commitment is cut', 'frost.bad-commitment', (map) => map.set(partyId(2), map.get(partyId(2))!.slice(1))],
    ['a commitment is not an element', 'frost.bad-commitment', (map) => map.set(partyId(2), new Uint8Array(64).fill(0xff))],
    ['a commitment is the identity', 'frost.bad-commitment', (map) => map.set(partyId(2), new Uint8Array(64).map((_, at) => (at % 32 === 0 ? 1 : 0)))],
    ['a commitment has low order', 'frost.bad-commitment', (map) => map.set(partyId(2), new Uint8Array(64).map((_, at) => (at % 32 === 0 ? 0xec : at % 32 === 31 ? 0x7f : 0xff)))],
  ])('refuses when %s, and its nonces are spent', (_what, code, change) => {
    const { commitments, nonces } = commitAll(signers);
    const altered = new Map(commitments);
    change(altered);
    expect(() => signShare(share, nonces(partyId(1)), altered, message)).toThrow(expect.objectContaining({ code }));
    expect(() => signShare(share, nonces(partyId(1)), commitments, message)).toThrow(expect.objectContaining({ code: 'frost.nonces-used' }));
  });

  test('names the party of a bad commitment', () => {
    const { commitments, nonces } = commitAll(signers);
    commitments.set(partyId(2), new Uint8Array(64).fill(0xff));
    expect(faultOf(() => signShare(share, nonces(partyId(1)), commitments, message))).toMatchObject({ kind: 'peer', blame: [2] });
  });

  test('never signs twice with the same nonces, nor with those of another share or discarded ones', () => {
    const { commitments, nonces } = commitAll(signers);
    signShare(share, nonces(partyId(1)), commitments, message);
    expect(() => signShare(share, nonces(partyId(1)), commitments, utf8('second'))).toThrow(expect.objectContaining({ code: 'frost.nonces-used' }));
    expect(() => signShare(share, nonces(partyId(2)), commitments, message)).toThrow(expect.objectContaining({ code: 'frost.nonces-of-another-share' }));
    nonces(partyId(2)).discard();
    expect(() => signShare(keys.get(partyId(2))!, nonces(partyId(2)), commitments, message)).toThrow(expect.objectContaining({ code: 'frost.nonces-used' }));
  });

  test('takes fresh nonces from its generator each time', () => {
    const rng = seededRng(3);
    expect(commit(share, rng).commitment).not.toEqual(commit(share, rng).commitment);
  });
});

describe('secrets', () => {
  const share = keys.get(partyId(1))!;
  const scalar = toHex(share.serialize().slice(-32));

  test('a share and its nonces print no secret, in no way', () => {
    const { nonces } = commit(share, seededRng(1));
    const printed = [inspect(share, { depth: 9, showHidden: true }), String(share), JSON.stringify(share), inspect(nonces, { depth: 9, showHidden: true }), String(nonces)];
    for (const text of printed) {
      expect(text).not.toContain(scalar);
      expect(text).not.toMatch(/Uint8Array|[0-9a-f]{32}/);
    }
    expect(JSON.stringify(share)).toBe('"KeyShare(test, epoch 1, party 1)"');
  });

  test('nonces refuse to be copied', () => {
    const { nonces } = commit(share, seededRng(1));
    expect(() => structuredClone(nonces)).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
    expect(() => JSON.stringify({ nonces })).toThrow(expect.objectContaining({ code: 'frost.nonces-not-serializable' }));
  });

  test('a wiped share signs no more', () => {
    const wiped = KeyShare.parse(share.serialize());
    wiped.wipe();
    expect(() => commit(wiped, seededRng(1))).toThrow(expect.objectContaining({ code: 'threshold.share-wiped' }));
    expect(() => wiped.serialize()).toThrow(expect.objectContaining({ code: 'threshold.share-wiped' }));
  });
});

describe('serialised keys', () => {
  const share = keys.get(partyId(2))!;
  const bytes = share.serialize();
  const malformed = expect.objectContaining({ code: 'threshold.malformed-key-share' });

  test('come back equal', () => {
    expect(KeyShare.parse(bytes).serialize()).toEqual(bytes);
    expect(KeyShare.parse(bytes).group).toEqual(group);
    expect(parseGroupKey(serializeGroupKey(group))).toEqual(group);
  });

  test('are refused when cut anywhere, extended, or of another version, party or scalar', () => {
    for (let length = 0; length < bytes.length; length++) expect(() => KeyShare.parse(bytes.slice(0, length))).toThrow(malformed);
    expect(() => KeyShare.parse(Uint8Array.of(...bytes, 0))).toThrow(malformed);
    expect(() => KeyShare.parse(flip(bytes))).toThrow(malformed);
    expect(() => KeyShare.parse(bytes.map((byte, at) => (at === 1 ? 3 : byte)))).toThrow(malformed);
    expect(() => KeyShare.parse(bytes.map((byte, at) => (at === 1 ? 0 : byte)))).toThrow(malformed);
    expect(() => KeyShare.parse(bytes.map((byte, at) => (at === bytes.length - 32 ? byte ^ 1 : byte)))).toThrow(malformed);
  });

  test('a group key is refused when cut, extended, or altered into something that is not one', () => {
    const key = serializeGroupKey(group);
    const refused = expect.objectContaining({ code: 'threshold.malformed-group-key' });
    for (let length = 0; length < key.length; length++) expect(() => parseGroupKey(key.slice(0, length))).toThrow(refused);
    expect(() => parseGroupKey(Uint8Array.of(...key, 0))).toThrow(refused);
    for (const [at, value] of [[0, 2], [1, 9], [3, 0x20], [key.length - 1, 0xff]] as const) {
      expect(() => parseGroupKey(key.map((byte, index) => (index === at ? value : byte)))).toThrow(refused);
    }
  });

  test('an error never holds the rejected bytes', () => {
    const fault = faultOf(() => KeyShare.parse(bytes.map((byte, at) => (at === bytes.length - 32 ? byte ^ 1 : byte))));
    expect(inspect(fault)).not.toContain(toHex(bytes.slice(-16)));
  });
});

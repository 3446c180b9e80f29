import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from '@jest/globals';
import { fromBase64Url, toBase64Url, utf8 } from '@boop/shared';
import { Account, vrfKey } from './fixtures/account.ts';
import { MapLog } from './fixtures/map-log.ts';
import { createVerifierKey, formatVerifierKey, type MapProof, type MapProofPolicy, SignatureType, verifyMapProof } from './index.ts';

const log = await MapLog.create();
const [alice, bob] = [new Account('alice'), new Account('bob')];
await log.revise([[alice, 'one'], ...Array.from({ length: 9 }, (_, at) => [new Account(`other ${at}`), 'x'] as [Account, string])]);
await log.revise([[alice, 'two']]);
const full = await log.proofOf(alice, { opening: true, history: true });
const first = await log.proofOf(alice, { revision: 1 });
const absent = await log.proofOf(bob);
const policy: MapProofPolicy = { vkey: log.vkey, vrfKey, label: alice.label };
const refused = (code: string) => expect.objectContaining({ code });

describe('a proof about an account', () => {
  test('shows value, revision and history from its own text alone', () => {
    const { mutation, value, history, revision, index } = verifyMapProof(JSON.parse(JSON.stringify(full)) as MapProof, policy);
    expect([mutation?.version, value && new TextDecoder().decode(value), history?.length, revision.revision]).toEqual([1, 'two', 2, 2]);
    expect(index).toEqual(alice.index);
  });

  test('stands after erasure, without the value', () => {
    const { opening: _, ...erased } = full;
    expect(verifyMapProof(erased, policy)).not.toHaveProperty('value');
    expect(verifyMapProof(erased, policy).mutation?.version).toBe(1);
  });

  test('shows absence', () => {
    expect(verifyMapProof(absent, { ...policy, label: bob.label })).not.toHaveProperty('mutation');
  });

  test('needs the cosignatures that the policy asks for, and recent ones', async () => {
    const seed = new Uint8Array(32).fill(9);
    const witness = createVerifierKey('witness.example/w', SignatureType.cosignatureV1, ed25519.getPublicKey(seed));
    const strict = { ...policy, cosigners: [formatVerifierKey(witness)], quorum: 1, oldestTimeS: 1_000 };
    expect(() => verifyMapProof(full, strict)).toThrow(refused('log.too-few-cosignatures'));
    const cosigned = { ...full, checkpoint: log.cosign(full.checkpoint, witness, seed, 1_000) };
    expect(verifyMapProof(cosigned, strict).mutation?.version).toBe(1);
    expect(() => verifyMapProof(cosigned, { ...strict, oldestTimeS: 1_001 })).toThrow(refused('log.too-few-cosignatures'));
  });

  test('may have to be as new as the client asks: an old revision under a new checkpoint is not', () => {
    const seen = { ...policy, revisionMin: 2 };
    expect(verifyMapProof(full, seen).revision.revision).toBe(2);
    const stale = { ...first, mutation: toBase64Url(alice.history[0]!) };
    expect(verifyMapProof(stale, policy).mutation?.version).toBe(0);
    expect(() => verifyMapProof(stale, seen)).toThrow(refused('map.rolled-back'));
    expect(verifyMapProof(full, { ...policy, oldestRevisionTimeS: 1_700_000_000 }).mutation?.version).toBe(1);
    expect(() => verifyMapProof(full, { ...policy, oldestRevisionTimeS: 1_700_000_001 })).toThrow(refused('map.stale-revision'));
  });

  const [older] = alice.history;
  const flip = (text: string, at = 5) => toBase64Url(fromBase64Url(text).map((byte, place) => (place === at ? byte ^ 1 : byte)));
  test.each<[string, object, Partial<MapProofPolicy>, string]>([
    ['another account', {}, { label: bob.label }, 'vrf.invalid-proof'],
    ['another VRF key', {}, { vrfKey: alice.index }, 'map.wrong-vrf-key'],
    ['another log', {}, { vkey: log.vkey.replace('log.example', 'log.example2') }, 'log.malformed-vkey'],
    ['another place in the log', { revision: { ...full.revision, leafIndex: 0 } }, {}, 'log.inclusion-invalid'],
    ['the record of another revision', { revision: first.revision }, {}, 'map.proof-invalid'],
    ['a changed record', { revision: { ...full.revision, entry: flip(full.revision.entry) } }, {}, 'log.inclusion-invalid'],
    ['a changed sibling', { lookup: { ...full.lookup, siblings: full.lookup.siblings.map((one) => flip(one)) } }, {}, 'map.proof-invalid'],
    ['the version before', { mutation: toBase64Url(older!) }, {}, 'map.wrong-mutation'],
    ['no mutation', { mutation: undefined }, {}, 'map.wrong-mutation'],
    ['another value', { opening: { ...full.opening!, value: toBase64Url(utf8('three')) } }, {}, 'map.commitment-invalid'],
    ['half of the history', { history: full.history!.slice(0, 1) }, {}, 'map.wrong-history'],
    ['the other half', { history: full.history!.slice(1) }, {}, 'mutation.wrong-version'],
    ['an empty history', { history: [] }, {}, 'mutation.malformed'],
    ['an unknown member', { extra: 1 }, {}, 'map.malformed-proof'],
    ['another version', { v: 2 }, {}, 'map.malformed-proof'],
    ['no lookup', { lookup: undefined }, {}, 'map.malformed-proof'],
    ['padding', { vrfProof: `${full.vrfProof}=` }, {}, 'map.malformed-proof'],
    ['257 siblings', { lookup: { ...full.lookup, siblings: Array<string>(257).fill(full.lookup.siblings[0]!) } }, {}, 'map.malformed-proof'],
    ['a fraction for a place', { revision: { ...full.revision, leafIndex: 0.5 } }, {}, 'map.malformed-proof'],
    ['a note without signatures', { checkpoint: 'log\n1\n' }, {}, 'log.malformed-note'],
  ])('is refused for %s', (_what, change, asked, code) => {
    expect(() => verifyMapProof({ ...full, ...change }, { ...policy, ...asked })).toThrow(refused(code));
  });

  test('of absence carries nothing about the account', () => {
    expect(() => verifyMapProof({ ...absent, mutation: full.mutation! }, { ...policy, label: bob.label })).toThrow(refused('map.malformed-proof'));
  });

  test.each([null, 1, 'proof', [], {}])('is not %j', (proof) => {
    expect(() => verifyMapProof(proof as unknown as MapProof, policy)).toThrow(refused('map.malformed-proof'));
  });
});

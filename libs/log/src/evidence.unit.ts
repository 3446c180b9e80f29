import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from '@jest/globals';
import { toBase64Url, utf8 } from '@boop/shared';
import { Account, publicOf, signMutation } from './fixtures/account.ts';
import { MapLog } from './fixtures/map-log.ts';
import {
  consistencyProof,
  createVerifierKey,
  type Evidence,
  formatMapRevision,
  formatMapTransition,
  formatVerifierKey,
  inclusionProof,
  leafHash,
  type MapRevision,
  mutationHash,
  mutationsRoot,
  noPrevious,
  parseMutation,
  type ProvenEntry,
  provenEntryOf,
  SignatureType,
  verifyEvidence,
} from './index.ts';

const refused = (code: string) => expect.objectContaining({ code });
const cosigners = [1, 2, 3].map((fill) => {
  const secret = new Uint8Array(32).fill(fill);
  return { secret, key: createVerifierKey(`node.example/${fill}`, SignatureType.cosignatureV1, ed25519.getPublicKey(secret)) };
});

/** An honest log of two revisions. */
async function honest(): Promise<{ log: MapLog; alice: Account; bob: Account }> {
  const log = await MapLog.create();
  const [alice, bob] = [new Account('alice'), new Account('bob')];
  await log.revise([[alice, 'one'], [bob, 'one'], [new Account('carol'), 'one']]);
  await log.revise([[alice, 'two']]);
  return { log, alice, bob };
}

async function proven(log: MapLog, entry: Uint8Array, leafIndex: number): Promise<ProvenEntry> {
  return provenEntryOf(entry, leafIndex, await inclusionProof(log.log, leafIndex, log.log.head.size));
}

async function records(log: MapLog, ...at: number[]): Promise<Evidence> {
  const chosen = await Promise.all(at.map((place) => proven(log, log.records[place]!.entry, log.records[place]!.leafIndex)));
  return { v: 1, kind: 'map-records', checkpoint: log.checkpoint(), records: chosen };
}

async function transition(log: MapLog, at = log.records.length - 1): Promise<Evidence> {
  const { entry, leafIndex, transition: shown } = log.records[at]!;
  return { v: 1, kind: 'map-transition', checkpoint: log.checkpoint(), record: await proven(log, entry, leafIndex), transition: toBase64Url(formatMapTransition(shown)) };
}

const { log: first } = await honest();
const { log: second } = await honest();
await first.append([utf8('a')]);
await second.append([utf8('b')]);

describe('evidence of two heads', () => {
  const [log, other] = [first, second];
  const signedBy = (note: string, who: readonly number[]) => who.reduce((text, at) => log.cosign(text, cosigners[at]!.key, cosigners[at]!.secret, 5), note);
  const policy = { vkey: log.vkey, cosigners: cosigners.map(({ key }) => formatVerifierKey(key)) };
  const notes: [string, string] = [signedBy(log.checkpoint(), [0, 1]), signedBy(other.checkpoint(), [1, 2])];

  test('convicts the log and names who vouched for both', () => {
    expect(verifyEvidence({ v: 1, kind: 'two-heads', checkpoints: notes }, policy)).toEqual({ kind: 'two-heads', code: 'log.two-heads', cosigners: ['node.example/2'] });
  });

  test('convicts it also by two entries at one place', async () => {
    const leafIndex = log.log.head.size - 1;
    await other.append([utf8('more')]);
    const leaf = async (from: MapLog, entry: string) => ({ leafHash: toBase64Url(leafHash(utf8(entry))), inclusion: (await inclusionProof(from.log, leafIndex, from.log.head.size)).map(toBase64Url) });
    const evidence: Evidence = { v: 1, kind: 'two-histories', checkpoints: [notes[0], other.checkpoint()], leafIndex, leaves: [await leaf(log, 'a'), await leaf(other, 'b')] };
    expect(verifyEvidence(evidence, policy)).toMatchObject({ code: 'log.two-histories' });
    const same = { ...evidence, checkpoints: [notes[0], notes[0]] as const, leaves: [evidence.leaves[0], evidence.leaves[0]] as const };
    expect(() => verifyEvidence(same, policy)).toThrow(refused('evidence.no-fault'));
    expect(() => verifyEvidence({ ...evidence, leafIndex: leafIndex - 1 }, policy)).toThrow(refused('log.inclusion-invalid'));
    expect(() => verifyEvidence({ ...evidence, leaves: [evidence.leaves[0], evidence.leaves[0]] }, policy)).toThrow(refused('log.inclusion-invalid'));
  });

  test('convicts it also by an older head that the newer tree never had', async () => {
    const { log: grown } = await honest();
    await grown.append([utf8('a')]);
    const { size, root: had } = grown.log.head;
    await grown.append([utf8('c')]);
    const consistency = (await consistencyProof(grown.log, size, grown.log.head.size)).map(toBase64Url);
    const evidence: Evidence = { v: 1, kind: 'inconsistent-heads', checkpoints: [notes[1], grown.checkpoint()], root: toBase64Url(had), consistency };
    expect(verifyEvidence(evidence, policy)).toEqual({ kind: 'inconsistent-heads', code: 'log.inconsistent-heads', cosigners: [] });
    expect(() => verifyEvidence({ ...evidence, checkpoints: [notes[0], grown.checkpoint()] }, policy)).toThrow(refused('evidence.no-fault'));
    expect(() => verifyEvidence({ ...evidence, root: toBase64Url(other.log.head.root) }, policy)).toThrow(refused('log.consistency-invalid'));
    expect(() => verifyEvidence({ ...evidence, checkpoints: [grown.checkpoint(), notes[1]] }, policy)).toThrow(refused('log.consistency-invalid'));
    expect(() => verifyEvidence({ ...evidence, consistency: consistency.slice(1) }, policy)).toThrow(refused('log.consistency-invalid'));
  });

  test('convicts nobody for growth, for one head, or for a head that it did not sign', async () => {
    const { log: growing } = await honest();
    const earlier = growing.checkpoint();
    await growing.append([utf8('more')]);
    expect(() => verifyEvidence({ v: 1, kind: 'two-heads', checkpoints: [earlier, growing.checkpoint()] }, policy)).toThrow(refused('evidence.no-fault'));
    expect(() => verifyEvidence({ v: 1, kind: 'two-heads', checkpoints: [notes[0], notes[0]] }, policy)).toThrow(refused('evidence.no-fault'));
    const forged = notes[1].replace(/^[A-Za-z0-9+/]{43}=$/m, `${'A'.repeat(43)}=`);
    expect(() => verifyEvidence({ v: 1, kind: 'two-heads', checkpoints: [notes[0], forged] }, policy)).toThrow(refused('log.bad-signature'));
  });
});

describe('evidence of records', () => {
  const altered = async (alter: (log: MapLog) => Partial<MapRevision>): Promise<{ log: MapLog; policy: { vkey: string } }> => {
    const { log, alice } = await honest();
    await log.record([alice.next('three')], [alice.history.at(-2)], alter(log));
    return { log, policy: { vkey: log.vkey } };
  };

  test.each<[string, (log: MapLog) => Partial<MapRevision>, number[], string]>([
    ['a root that the log never held', () => ({ previousRoot: new Uint8Array(32) }), [1, 2], 'map.unlogged-root'],
    ['a revision left out', () => ({ revision: 4 }), [1, 2], 'map.revision-gap'],
    ['a revision repeated', () => ({ revision: 2 }), [1, 2], 'map.rolled-back'],
    ['a branch from an old revision', (log) => ({ previousEntry: log.records[0]!.leafIndex }), [1, 2], 'map.rolled-back'],
    ['a new start', () => ({ revision: 1, previousEntry: null }), [1, 2], 'map.rolled-back'],
    ['another VRF key', () => ({ vrfKey: new Uint8Array(32) }), [1, 2], 'map.wrong-vrf-key'],
    ['a pointer ahead', () => ({ previousEntry: 99 }), [2], 'map.wrong-previous-entry'],
  ])('convicts for %s', async (_what, alter, at, code) => {
    const { log, policy } = await altered(alter);
    expect(verifyEvidence(await records(log, ...at), policy)).toMatchObject({ code });
  });

  test('convicts for a pointer at what is no record, and for a malformed record', async () => {
    const { log, policy } = await altered(() => ({ previousEntry: 0 }));
    const later = log.records[2]!;
    const evidence: Evidence = { v: 1, kind: 'map-records', checkpoint: log.checkpoint(), records: [await proven(log, utf8('the first entry'), 0), await proven(log, later.entry, later.leafIndex)] };
    expect(verifyEvidence(evidence, policy)).toMatchObject({ code: 'map.wrong-previous-entry' });
    const bad = utf8('{"kind":"map-revision"}');
    const at = await log.append([bad]);
    expect(verifyEvidence({ v: 1, kind: 'map-records', checkpoint: log.checkpoint(), records: [await proven(log, bad, at)] }, policy)).toMatchObject({ code: 'map.malformed-revision' });
  });

  test('convicts nobody for honest records, in any choice', async () => {
    const { log, policy } = await altered(() => ({}));
    for (const at of [[0], [1], [2], [0, 1], [1, 2], [0, 2], [1, 0], [2, 1], [2, 2]]) {
      expect(() => verifyEvidence({ v: 1, kind: 'map-records', checkpoint: '', records: [] }, policy)).toThrow(refused('evidence.malformed'));
      const evidence = await records(log, ...at);
      expect(() => verifyEvidence(evidence, policy)).toThrow(refused('evidence.no-fault'));
    }
  });
});

describe('evidence of a transition', () => {
  const judge = async (batch: (alice: Account, bob: Account) => Uint8Array[], alter: Partial<MapRevision> = {}) => {
    const { log, alice, bob } = await honest();
    const mutations = batch(alice, bob);
    const before = (bytes: Uint8Array) => [alice, bob].find(({ index }) => index.every((byte, at) => byte === parseMutation(bytes).index[at]))?.history.at(-1);
    await log.record(mutations, mutations.map(before), alter);
    return verifyEvidence(await transition(log), { vkey: log.vkey }).code;
  };
  const body = (account: Account) => ({ index: account.index, version: account.history.length, previous: mutationHash(account.history.at(-1)!), commitment: new Uint8Array(32), authorizedKeys: [publicOf('x')] });
  const lastKey = (account: Account) => `${account.name}/${account.history.length - 1}`;

  test('convicts for mutations that were not allowed, and for a root that does not follow', async () => {
    expect(await judge((alice) => [signMutation(body(alice), 'mallory')])).toBe('mutation.wrong-key');
    expect(await judge((alice) => [signMutation(body(alice), lastKey(alice)).map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte))])).toBe('mutation.bad-signature');
    expect(await judge((alice) => [signMutation({ ...body(alice), version: 3 }, lastKey(alice))])).toBe('mutation.wrong-version');
    expect(await judge((alice) => [signMutation({ ...body(alice), previous: mutationHash(alice.history[0]!) }, lastKey(alice))])).toBe('mutation.wrong-previous');
    expect(await judge((alice) => [signMutation({ ...body(alice), version: 0, previous: noPrevious(), authorizedKeys: [publicOf('x')] }, 'x')])).toBe('mutation.wrong-version');
    expect(await judge((alice) => [signMutation(body(alice), lastKey(alice))], { root: new Uint8Array(32) })).toBe('map.wrong-root');
  });

  test('convicts nobody for an honest one, nor for what the accuser made up', async () => {
    const { log, alice } = await honest();
    await log.revise([[alice, 'three']]);
    const policy = { vkey: log.vkey };
    const honestOne = await transition(log);
    expect(() => verifyEvidence(honestOne, policy)).toThrow(refused('evidence.no-fault'));
    const shown = log.records[2]!.transition;
    const madeUp = (change: Partial<typeof shown>): Evidence => ({ ...honestOne, transition: toBase64Url(formatMapTransition({ ...shown, ...change })) }) as Evidence;
    expect(() => verifyEvidence(madeUp({ mutations: [alice.history[0]!] }), policy)).toThrow(refused('map.mutations-mismatch'));
    expect(() => verifyEvidence(madeUp({ previous: [alice.history[0]!] }), policy)).toThrow(refused('map.wrong-previous-mutation'));
    expect(() => verifyEvidence(madeUp({ previous: [undefined] }), policy)).toThrow(refused('map.wrong-previous-mutation'));
    expect(() => verifyEvidence(madeUp({ proof: Uint8Array.of(0) }), policy)).toThrow(refused('map.transition-invalid'));
    expect(() => verifyEvidence(madeUp({ proof: new Uint8Array(0) }), policy)).toThrow(refused('map.malformed-transition'));
    // A record that was never logged.
    const forged = formatMapRevision({ ...log.records[2]!.revision, mutations: { count: 0, root: mutationsRoot([]) } });
    expect(() => verifyEvidence({ ...honestOne, record: { ...(honestOne as { record: ProvenEntry }).record, entry: toBase64Url(forged) } } as Evidence, policy)).toThrow(refused('log.inclusion-invalid'));
  });
});

const { log } = await honest();
const evidence: Evidence = { v: 1, kind: 'entry', checkpoint: log.checkpoint(), entry: await proven(log, utf8('the first entry'), 0) };

describe('evidence of an entry', () => {
  const entryFault = (entry: Uint8Array) => (entry[0] === 0x74 ? 'log.malformed-entry' : undefined);
  test('convicts by the rule that the judge holds', () => {
    expect(verifyEvidence(evidence, { vkey: log.vkey, entryFault })).toMatchObject({ code: 'log.malformed-entry' });
    expect(() => verifyEvidence(evidence, { vkey: log.vkey })).toThrow(refused('evidence.no-fault'));
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['text', 'two-heads'],
    ['an unknown kind', { ...evidence, kind: 'toString' }],
    ['another version', { ...evidence, v: 2 }],
    ['an unknown member', { ...evidence, extra: 1 }],
    ['a missing member', { v: 1, kind: 'entry', checkpoint: evidence.checkpoint }],
    ['an entry that is no object', { ...evidence, entry: 5 }],
    ['a negative place', { ...evidence, entry: { ...evidence.entry, leafIndex: -1 } }],
    ['65 hashes', { ...evidence, entry: { ...evidence.entry, inclusion: Array<string>(65).fill('A'.repeat(43)) } }],
    ['one head', { v: 1, kind: 'two-heads', checkpoints: [evidence.checkpoint] }],
    ['three records', { v: 1, kind: 'map-records', checkpoint: evidence.checkpoint, records: [evidence.entry, evidence.entry, evidence.entry] }],
  ])('is not %s', (_what, given) => {
    expect(() => verifyEvidence(given as Evidence, { vkey: log.vkey, entryFault })).toThrow(refused('evidence.malformed'));
  });
});

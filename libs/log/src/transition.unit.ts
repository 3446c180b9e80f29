import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '@boop/shared';
import { Account, ORIGIN, signMutation, vrfKey } from './fixtures/account.ts';
import { MemoryMap } from './fixtures/memory-map.ts';
import {
  EMPTY_MAP_ROOT,
  formatMapRevision,
  formatMapTransition,
  isMapRevision,
  type MapRevision,
  type MapState,
  type MapTransition,
  mutationsRoot,
  parseMapRevision,
  parseMapTransition,
  parseMutation,
  prepareTransition,
  verifyMapTransition,
} from './index.ts';

const refused = (code: string) => expect.objectContaining({ code });
const map = new MemoryMap();
const people = Array.from({ length: 20 }, (_, at) => new Account(`person ${at}`));

/** One honest revision. */
async function step(before: MapState, batch: readonly { account: Account; bytes: Uint8Array }[]): Promise<{ revision: MapRevision; transition: MapTransition; after: MapState }> {
  const previous = batch.map(({ account }) => account.history.at(-2));
  const { transition, root, writes } = await prepareTransition(map, before.root, { mutations: batch.map(({ bytes }) => bytes), previous });
  map.store(writes);
  const mutations = { count: batch.length, root: mutationsRoot(transition.mutations) };
  const revision = { networkId: 'n', epoch: 1, time: 1_700_000_000, revision: before.revision + 1, previousRoot: before.root, root, previousEntry: before.entry, mutations, vrfKey };
  return { revision, transition, after: { revision: revision.revision, root, entry: revision.revision * 7 } };
}

const empty: MapState = { revision: 0, root: EMPTY_MAP_ROOT, entry: null };
const one = await step(empty, people.map((account) => ({ account, bytes: account.next('first') })));
const two = await step(one.after, people.slice(0, 5).map((account) => ({ account, bytes: account.next('second') })));
const check = (change: { before?: MapState; revision?: Partial<MapRevision>; transition?: Partial<MapTransition> }) => () =>
  verifyMapTransition({ origin: ORIGIN, before: change.before ?? one.after, revision: { ...two.revision, ...change.revision }, transition: { ...two.transition, ...change.transition } });
/** The record names whatever mutations it is given. */
const with_ = (mutations: readonly Uint8Array[]) => ({ mutations: { count: mutations.length, root: mutationsRoot(mutations) } });
const replaced = <T>(items: readonly T[], at: number, item: T): T[] => items.map((old, place) => (place === at ? item : old));

describe('a transition', () => {
  test('that follows the rules verifies without the map, through its bytes', () => {
    expect(verifyMapTransition({ origin: ORIGIN, before: empty, revision: one.revision, transition: parseMapTransition(formatMapTransition(one.transition)) })).toHaveLength(20);
    expect(check({})()).toHaveLength(5);
  });

  test('without mutations keeps the root', async () => {
    const { revision, transition } = await step(two.after, []);
    expect(revision.root).toEqual(two.revision.root);
    expect(verifyMapTransition({ origin: ORIGIN, before: two.after, revision, transition })).toEqual([]);
  });

  const { signature: _, signer: __, ...body } = parseMutation(two.transition.mutations[0]!);
  const victim = people.find(({ index }) => index.every((byte, at) => byte === body.index[at]))!;
  const forged = signMutation(body, 'mallory');
  const unsigned = two.transition.mutations[0]!.map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte));
  const skipping = signMutation({ ...body, version: 2, previous: sha256(utf8('a version that nobody saw')) }, `${victim.name}/0`);
  const first = victim.history[0]!;
  const reset = signMutation({ ...parseMutation(first), commitment: new Uint8Array(32) }, `${victim.name}/0`);
  const instead = (bytes: Uint8Array) => replaced(two.transition.mutations, 0, bytes);

  test.each<[string, Parameters<typeof check>[0], string]>([
    ['a left-out revision', { revision: { revision: 3 } }, 'map.revision-gap'],
    ['a repeated revision', { before: two.after }, 'map.revision-gap'],
    ['another start', { before: { ...one.after, root: EMPTY_MAP_ROOT } }, 'map.wrong-previous-root'],
    ['another record before', { revision: { previousEntry: 8 } }, 'map.wrong-previous-entry'],
    ['a mutation less than recorded', { transition: { mutations: two.transition.mutations.slice(1), previous: two.transition.previous.slice(1) } }, 'map.mutations-mismatch'],
    ['another mutation than recorded', { transition: { mutations: instead(forged) } }, 'map.mutations-mismatch'],
    ['mutations out of order', { revision: with_([...two.transition.mutations].reverse()), transition: { mutations: [...two.transition.mutations].reverse(), previous: [...two.transition.previous].reverse() } }, 'map.mutations-unordered'],
    ['a mutation not applied', { revision: { root: one.revision.root } }, 'map.wrong-root'],
    ['a foreign key', { revision: with_(instead(forged)), transition: { mutations: instead(forged) } }, 'mutation.wrong-key'],
    ['a bad signature', { revision: with_(instead(unsigned)), transition: { mutations: instead(unsigned) } }, 'mutation.bad-signature'],
    ['a skipped version', { revision: with_(instead(skipping)), transition: { mutations: instead(skipping) } }, 'mutation.wrong-version'],
    ['a created account that exists', { revision: with_(instead(reset)), transition: { mutations: instead(reset) } }, 'mutation.wrong-version'],
    ['a hidden version before', { revision: with_(instead(reset)), transition: { mutations: instead(reset), previous: replaced<Uint8Array | undefined>(two.transition.previous, 0, undefined) } }, 'map.wrong-previous-mutation'],
    ['another version before', { transition: { previous: replaced<Uint8Array | undefined>(two.transition.previous, 0, forged) } }, 'map.wrong-previous-mutation'],
    ['a proof of another map', { transition: { proof: one.transition.proof } }, 'map.transition-invalid'],
  ])('is refused with %s', (_what, change, code) => {
    expect(check(change)).toThrow(refused(code));
  });

  test('of another log is refused', () => {
    expect(() => verifyMapTransition({ origin: 'log.example/other', before: empty, revision: one.revision, transition: one.transition })).toThrow(refused('mutation.bad-signature'));
  });

  test('cut anywhere is refused', () => {
    const bytes = formatMapTransition(two.transition);
    for (let end = 0; end < bytes.length; end += 13) {
      expect(() => check({ transition: parseMapTransition(bytes.slice(0, end)) })()).toThrow(refused(expect.stringMatching(/^(map|mutation)\./) as unknown as string));
    }
    expect(() => parseMapTransition(Uint8Array.of(0, 0, 16, 1))).toThrow(refused('map.malformed-transition'));
  });
});

describe('the record of a revision', () => {
  const entry = formatMapRevision(two.revision);
  const json = JSON.parse(new TextDecoder().decode(entry)) as Record<string, unknown>;
  const text = (record: unknown) => utf8(JSON.stringify(record));

  test('has one form, with and without balances', () => {
    expect(parseMapRevision(entry)).toEqual(two.revision);
    const withBalances = { ...two.revision, balances: sha256(utf8('balances')) };
    expect(parseMapRevision(formatMapRevision(withBalances))).toEqual(withBalances);
    expect([isMapRevision(entry), isMapRevision(text({ ...json, root: 5 })), isMapRevision(text({ kind: 'consent' })), isMapRevision(utf8('{')), isMapRevision(utf8('null'))]).toEqual([true, true, false, false, false]);
  });

  test.each<[string, Uint8Array]>([
    ['spaces', utf8(` ${new TextDecoder().decode(entry)}`)],
    ['another order of members', text({ v: 1, ...json })],
    ['another kind', text({ ...json, kind: 'consent' })],
    ['an unknown member', text({ ...json, zebra: 1 })],
    ['revision 0', text({ ...json, revision: 0 })],
    ['a fraction', text({ ...json, revision: 1.5 })],
    ['revision 1 that points back', text({ ...json, revision: 1 })],
    ['a revision that does not', text({ ...json, previousEntry: null })],
    ['a short root', text({ ...json, root: 'AAAA' })],
    ['padding', text({ ...json, root: `${String(json.root)}=` })],
    ['a count too high', text({ ...json, mutations: { count: 4097, root: json.root } })],
    ['mutations as a list', text({ ...json, mutations: [] })],
    ['an empty name', text({ ...json, networkId: '' })],
    ['no object', text([])],
    ['no JSON', utf8('{"v":1')],
    ['invalid UTF-8', Uint8Array.of(0xff)],
  ])('is refused with %s', (_what, bytes) => {
    expect(() => parseMapRevision(bytes)).toThrow(refused('map.malformed-revision'));
  });

  test('is not written where it would be refused', () => {
    expect(() => formatMapRevision({ ...two.revision, revision: 1 })).toThrow(refused('map.malformed-revision'));
    expect(() => formatMapRevision({ ...two.revision, root: new Uint8Array(31) })).toThrow(refused('map.malformed-revision'));
  });
});

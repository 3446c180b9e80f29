import { describe, expect, test } from '@jest/globals';
import { commitTo, EMPTY_MAP_ROOT, formatMapRevision, formatMapTransition, formatMutation, type MapNode, type MapNodeReader, type MapTransition, type Mutation, mutationHash, mutationMessage, mutationsRoot, noPrevious, type parseMapRevision, prepareTransition } from '@boop/log';
import { toHex, utf8 } from '@boop/shared';
import { seededRng } from '@boop/testing';
import { ed25519 } from '@noble/curves/ed25519.js';
import { emptyFrontier } from './frontier.ts';
import { emptyMap, type LogReading, readOn } from './log-reading.ts';

const network = { networkId: 'boop-test', logOrigin: 'boop.test/log' };
const rng = seededRng(31);
const vrfKey = rng.bytes(32);
const [owner, stranger] = [rng.bytes(32), rng.bytes(32)] as const;
const publicKey = (secret: Uint8Array): Uint8Array => ed25519.getPublicKey(secret);

function mutation(index: Uint8Array, before?: Uint8Array, secret = owner, version = before ? 1 : 0): Uint8Array {
  const commitment = commitTo({ opening: rng.bytes(32), label: utf8('x'), version, value: utf8('y') });
  const previous = before ? mutationHash(before) : noPrevious();
  const body: Omit<Mutation, 'signature'> = { index, version, previous, commitment, authorizedKeys: [publicKey(secret)], signer: publicKey(secret) };
  return formatMutation({ ...body, signature: ed25519.sign(mutationMessage(network.logOrigin, body), secret) });
}

/** A ledger that makes revisions by the book, unless it is told otherwise. */
class Ledger {
  readonly #nodes = new Map<string, Uint8Array>();
  readonly #reader: MapNodeReader = { read: async (refs) => refs.map(({ hash }) => this.#nodes.get(toHex(hash))!) };
  #root = EMPTY_MAP_ROOT;
  #revision = 0;
  #entry: number | null = null;

  async revise(at: number, mutations: readonly Uint8Array[], previous: readonly (Uint8Array | undefined)[], twist: (record: ReturnType<typeof parseMapRevision>, transition: MapTransition) => object = () => ({})) {
    const { transition, root, writes } = await prepareTransition(this.#reader, this.#root, { mutations, previous });
    for (const { hash, bytes } of writes as readonly MapNode[]) this.#nodes.set(toHex(hash), bytes);
    const record = {
      networkId: network.networkId, epoch: 1, time: 5, revision: this.#revision + 1, previousRoot: this.#root, root, previousEntry: this.#entry, vrfKey,
      mutations: { count: mutations.length, root: mutationsRoot(transition.mutations) },
    };
    const entry = formatMapRevision({ ...record, ...twist(record, transition) });
    [this.#root, this.#revision, this.#entry] = [root, record.revision, at];
    return { entry, transition: formatMapTransition(transition) };
  }
}

const start: LogReading = { frontier: emptyFrontier(), map: emptyMap() };
const other = utf8('{"kind":"authentication"}');
const [a, b] = [rng.bytes(32), rng.bytes(32)] as const;
const refusal = (code: string) => expect.objectContaining({ code });

describe('a node that reads the log', () => {
  test('follows the map from revision to revision, over pages', async () => {
    const ledger = new Ledger();
    const first = mutation(a);
    const one = await ledger.revise(1, [first, mutation(b)], [undefined, undefined]);
    const two = await ledger.revise(2, [mutation(a, first)], [first]);
    const whole = readOn(start, { entries: [other, one.entry, two.entry, other], transitions: [one.transition, two.transition] }, network);
    expect(whole).toMatchObject({ frontier: { size: 4 }, map: { revision: 2, entry: 2, vrfKey } });
    const half = readOn(start, { entries: [other, one.entry], transitions: [one.transition] }, network);
    expect(readOn(half, { entries: [two.entry, other], transitions: [two.transition] }, network)).toEqual(whole);
  });

  test('refuses a revision without its transition, and a transition too many', async () => {
    const { entry, transition } = await new Ledger().revise(0, [mutation(a)], [undefined]);
    expect(() => readOn(start, { entries: [entry], transitions: [] }, network)).toThrow(refusal('map.transition-missing'));
    expect(() => readOn(start, { entries: [other], transitions: [transition] }, network)).toThrow(refusal('map.transition-missing'));
  });

  test.each<[string, string, Parameters<Ledger['revise']>[3]]>([
    ['another root than its mutations lead to', 'map.wrong-root', () => ({ root: rng.bytes(32) })],
    ['a root before that was not there', 'map.wrong-previous-root', () => ({ previousRoot: rng.bytes(32) })],
    ['a number left out', 'map.revision-gap', ({ revision }) => ({ revision: revision + 1 })],
    ['another record before it', 'map.wrong-previous-entry', () => ({ previousEntry: 0 })],
    ['mutations hidden', 'map.mutations-mismatch', () => ({ mutations: { count: 0, root: mutationsRoot([]) } })],
    ['another key of its indexes', 'map.wrong-vrf-key', () => ({ vrfKey: rng.bytes(32) })],
    ['the name of another network', 'map.wrong-network', () => ({ networkId: 'boop-other' })],
  ])('refuses a revision with %s', async (_, code, twist) => {
    const ledger = new Ledger();
    const first = mutation(a);
    const one = await ledger.revise(1, [first], [undefined]);
    const two = await ledger.revise(2, [mutation(a, first)], [first], twist);
    const half = readOn(start, { entries: [other, one.entry], transitions: [one.transition] }, network);
    expect(() => readOn(half, { entries: [two.entry], transitions: [two.transition] }, network)).toThrow(refusal(code));
  });

  test('refuses what the owner did not sign, and a second account at an index that is taken', async () => {
    const first = mutation(a);
    const attempts: [string, Uint8Array, Uint8Array | undefined][] = [
      ['mutation.wrong-key', mutation(a, first, stranger), first],
      ['map.wrong-previous-mutation', mutation(a, undefined, stranger), undefined],
      ['mutation.wrong-version', mutation(a, first, owner, 2), first],
    ];
    for (const [code, next, previous] of attempts) {
      const ledger = new Ledger();
      const one = await ledger.revise(0, [first], [undefined]);
      const two = await ledger.revise(1, [next], [previous]);
      const half = readOn(start, { entries: [one.entry], transitions: [one.transition] }, network);
      expect(() => readOn(half, { entries: [two.entry], transitions: [two.transition] }, network)).toThrow(refusal(code));
    }
  });
});

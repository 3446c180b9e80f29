import { EMPTY_MAP_ROOT, isMapRevision, type MapNodeReader, type MapState, mutationHash, parseMapRevision, parseMapTransition, verifyMapTransition } from '@boop/log';
import { equalBytes, toBase64Url } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { type MapStore } from '../map/map-store.ts';
import { at, demand } from './finding.ts';

/**
 * Follows the map through the log: every record has its revision, every revision follows from the one before by mutations that were allowed
 * and are stored as applied. In the end the nodes of the newest revision are all there and hold the newest mutation of every account.
 */
export class MapCheck {
  readonly #store: MapStore;
  readonly #origin: string;
  /** Newest value by index. Memory: about 200 bytes an account. */
  readonly #values = new Map<string, string>();
  #state: MapState = { revision: 0, root: EMPTY_MAP_ROOT, entry: null };
  #mutations = 0;

  constructor(store: MapStore, origin: string) {
    this.#store = store;
    this.#origin = origin;
  }

  /** @throws Finding */
  async entry(bytes: Uint8Array, leafIndex: number): Promise<void> {
    if (!isMapRevision(bytes)) return;
    const record = await at(`entry ${leafIndex}`, () => parseMapRevision(bytes));
    const place = `revision ${record.revision}`;
    const [stored] = await this.#store.revisions(record.revision - 1, 1);
    const matches = stored?.revision === record.revision && stored.leafIndex === leafIndex && equalBytes(stored.root, record.root) && equalBytes(stored.vrfKey, record.vrfKey);
    demand(matches, place, 'a revision is stored as its record in the log says');
    const bytesOfTransition = await this.#store.transition(record.revision);
    demand(bytesOfTransition !== undefined, place, 'a revision has its transition');
    const mutations = await at(place, () => {
      const transition = parseMapTransition(bytesOfTransition);
      return verifyMapTransition({ origin: this.#origin, before: this.#state, revision: record, transition }).map((mutation, i) => ({ mutation, bytes: transition.mutations[i]! }));
    });
    for (const { mutation, bytes: mutationBytes } of mutations) {
      const known = await this.#store.mutation(mutation.index, mutation.version);
      const applied = known?.revision === record.revision && equalBytes(known.bytes, mutationBytes);
      demand(applied, `${place}, account ${toBase64Url(mutation.index)}`, 'a mutation of a revision is stored as applied by it');
      this.#values.set(toBase64Url(mutation.index), toBase64Url(mutationHash(mutationBytes)));
    }
    this.#mutations += mutations.length;
    this.#state = { revision: record.revision, root: record.root, entry: leafIndex };
  }

  /** @param size of the log that was read @throws Finding */
  async finish(size: number): Promise<{ revisions: number; mutations: number; accounts: number }> {
    const newest = await this.#store.newestUnder(size);
    demand((newest?.revision ?? 0) === this.#state.revision, `revision ${newest?.revision ?? 0}`, 'a revision has its record in the log');
    const applied = await this.#store.countApplied(this.#state.revision);
    demand(applied === this.#mutations, `revision ${this.#state.revision}`, 'every applied mutation is in the transition of its revision');
    let leaves = 0;
    for await (const { index, value } of leavesOf(this.#store, this.#state.root)) {
      leaves += 1;
      demand(this.#values.get(index) === value, `account ${index}`, 'the map holds the newest mutation of the account');
    }
    demand(leaves === this.#values.size, 'map', 'the map holds every account');
    return { revisions: this.#state.revision, mutations: this.#mutations, accounts: leaves };
  }
}

const WAVE = 4_096;

/** All leaves below a root. Reads of content-addressed nodes are verified by their hash. */
async function* leavesOf(reader: MapNodeReader, root: Uint8Array): AsyncGenerator<{ index: string; value: string }> {
  const unread: Uint8Array[] = equalBytes(root, EMPTY_MAP_ROOT) ? [] : [root];
  while (unread.length > 0) {
    const wave = unread.splice(-WAVE);
    const nodes = await at('map', () => readNodes(reader, wave));
    for (const node of nodes) {
      if (node[0] === LEAF) yield { index: toBase64Url(node.slice(1, 33)), value: toBase64Url(node.slice(33)) };
      else unread.push(...[node.slice(1, 33), node.slice(33)].filter((hash) => !equalBytes(hash, EMPTY_MAP_ROOT)));
    }
  }
}

/** First byte of a leaf node, see `MapNode`. */
const LEAF = 0x02;

async function readNodes(reader: MapNodeReader, hashes: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const nodes = await reader.read(hashes.map((hash) => ({ depth: 0, path: new Uint8Array(32), hash })));
  nodes.forEach((bytes, i) => demand(equalBytes(sha256(bytes), hashes[i]!), `map node ${toBase64Url(hashes[i]!)}`, 'a node of the map has its hash'));
  return nodes;
}

import { consistencyProof, type TileReader } from '@boop/log';
import { type LogProof } from '@boop/protocol';
import { BoopError, fromBase64Url, toBase64Url } from '@boop/shared';
import { type LogStore, stapled } from '../store/log-store.ts';
import { InclusionPaths } from './inclusion-paths.ts';

const HASH_BYTES = 32;

/** Makes proofs that an entry is in the log, under the last published checkpoint. */
export class Proofs {
  readonly #store: LogStore;
  readonly #tiles: TileReader;
  readonly #paths: InclusionPaths;

  /** @param tiles the store's, perhaps cached */
  constructor(store: LogStore, tiles: TileReader = store) {
    this.#store = store;
    this.#tiles = tiles;
    this.#paths = new InclusionPaths(tiles);
  }

  /**
   * Cost: two small queries, and at most one tile per level from the cache.
   * @param entryHash SHA-256 of the entry, base64url
   * @throws BoopError `request.malformed`, `request.not-found`, `log.pending` while no published checkpoint covers the entry
   */
  async proofOf(entryHash: string): Promise<LogProof> {
    const [placed, published] = await Promise.all([this.#store.find(parseHash(entryHash)), this.#store.published()]);
    if (placed === undefined) throw new BoopError('request.not-found', 'the log has no such entry');
    const { leafIndex, bytes } = placed;
    if (published === undefined || leafIndex >= published.size) {
      throw new BoopError('log.pending', 'the entry is written and waits for a checkpoint', { kind: 'unavailable' });
    }
    const inclusion = await this.#paths.path(leafIndex, published.size);
    return { entry: toBase64Url(bytes), leafIndex, treeSize: published.size, inclusion: inclusion.map(toBase64Url), checkpoint: stapled(published) };
  }

  /** @param to default: the size of the newest checkpoint @throws BoopError `request.not-found` beyond that, `log.pending` without one, `request.malformed` */
  async consistency(from: number, to: number | undefined): Promise<{ from: number; to: number; proof: string[]; checkpoint: string }> {
    const published = await this.#store.published();
    if (!published) throw new BoopError('log.pending', 'nothing has been published yet', { kind: 'unavailable' });
    const size = to ?? published.size;
    if (from < 1 || from > size) throw new BoopError('request.malformed', 'a proof leads from a non-empty tree to one at least as large');
    if (size > published.size) throw new BoopError('request.not-found', 'no checkpoint covers that size yet');
    const proof = await consistencyProof(this.#tiles, from, size);
    return { from, to: size, proof: proof.map(toBase64Url), checkpoint: stapled(published) };
  }
}

function parseHash(text: string): Uint8Array {
  try {
    const hash = fromBase64Url(text);
    if (hash.length === HASH_BYTES) return hash;
  } catch {
    // Falls through to the one refusal.
  }
  throw new BoopError('request.malformed', 'an entry hash is 32 bytes as base64url');
}

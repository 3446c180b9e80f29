import { createLogProof, type TileReader } from '@boop/log';
import { type LogProof, logProofSchema } from '@boop/protocol';
import { BoopError, fromBase64Url } from '@boop/shared';
import { type LogStore } from '../store/log-store.ts';

const HASH_BYTES = 32;

/** Makes proofs that an entry is in the log, under the last published checkpoint. */
export class Proofs {
  readonly #store: LogStore;
  readonly #tiles: TileReader;

  /** @param tiles the store's, perhaps cached */
  constructor(store: LogStore, tiles: TileReader = store) {
    this.#store = store;
    this.#tiles = tiles;
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
    return logProofSchema.parse(await createLogProof(this.#tiles, bytes, leafIndex, published.note));
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

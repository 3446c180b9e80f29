import { consistencyProof, type TileReader } from '@boop/log';
import { type LogProof } from '@boop/protocol';
import { BoopError, fromBase64Url, toBase64Url } from '@boop/shared';
import { type LogStore, type ServedCheckpoint, stapled } from '../store/log-store.ts';
import { InclusionPaths } from './inclusion-paths.ts';

const HASH_BYTES = 32;
/** A proof under a checkpoint that is this old is as good; an entry that it does not cover makes it be read again. */
const CHECKPOINT_KEPT_MS = 250;

/** Makes proofs that an entry is in the log, under the last published checkpoint. */
export class Proofs {
  readonly #store: LogStore;
  readonly #tiles: TileReader;
  readonly #paths: InclusionPaths;
  #recent: { checkpoint: Promise<ServedCheckpoint | undefined>; readAtMs: number } | undefined;

  /** @param tiles the store's, perhaps cached */
  constructor(store: LogStore, tiles: TileReader = store) {
    this.#store = store;
    this.#tiles = tiles;
    this.#paths = new InclusionPaths(tiles);
  }

  /**
   * Cost: one small query, four times a second another, and at most one tile per level from the cache.
   * @param entryHash SHA-256 of the entry, base64url
   * @throws BoopError `request.malformed`, `request.not-found`, `log.pending` while no published checkpoint covers the entry
   */
  async proofOf(entryHash: string): Promise<LogProof> {
    const [placed, recent] = await Promise.all([this.#store.find(parseHash(entryHash)), this.#recentCheckpoint()]);
    if (placed === undefined) throw new BoopError('request.not-found', 'the log has no such entry');
    const { leafIndex, bytes } = placed;
    const published = recent !== undefined && leafIndex < recent.size ? recent : await this.#store.published();
    if (published === undefined || leafIndex >= published.size) {
      throw new BoopError('log.pending', 'the entry is written and waits for a checkpoint', { kind: 'unavailable' });
    }
    const inclusion = await this.#paths.path(leafIndex, published.size);
    return { entry: toBase64Url(bytes), leafIndex, treeSize: published.size, inclusion: inclusion.map(toBase64Url), checkpoint: stapled(published) };
  }

  /** Reads ahead what proofs are made of, until it has that or the signal aborts. */
  async warm(signal: AbortSignal): Promise<void> {
    await this.#paths.warm((await this.#store.published())?.size ?? 0, signal);
  }

  /** Concurrent readers share one query; a failed one is not kept. */
  #recentCheckpoint(): Promise<ServedCheckpoint | undefined> {
    const nowMs = performance.now();
    if (this.#recent && nowMs - this.#recent.readAtMs < CHECKPOINT_KEPT_MS) return this.#recent.checkpoint;
    const recent = { checkpoint: this.#store.published(), readAtMs: nowMs };
    this.#recent = recent;
    recent.checkpoint.catch(() => {
      if (this.#recent === recent) this.#recent = undefined;
    });
    return recent.checkpoint;
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

import { consistencyProof, inclusionProof, parseMapTransition, type TileReader } from '@boop/log';
import { toBase64Url } from '@boop/shared';
import { type MapStore, type StoredRevision } from '../map/map-store.ts';
import { type LogStore, type ServedCheckpoint, stapled } from '../store/log-store.ts';

export const STREAMS = ['checkpoints', 'revisions', 'mutations', 'transitions'] as const;
export type StreamName = (typeof STREAMS)[number];
export const isStream = (name: unknown): name is StreamName => STREAMS.includes(name as StreamName);

export interface StreamItem {
  /** Ask for what comes after this to go on: the size of a checkpoint, the number of a revision. */
  readonly position: number;
  readonly [field: string]: unknown;
}

/**
 * What streams bring, read from storage at a position each time, so that any replica can go on where another stopped and nothing is kept for a
 * reader. Everything in them is under a published checkpoint.
 */
export class StreamSource {
  readonly #parts: { readonly logStore: LogStore; readonly mapStore: MapStore; readonly tiles: TileReader };

  constructor(parts: { logStore: LogStore; mapStore: MapStore; tiles: TileReader }) {
    this.#parts = parts;
  }

  /** In ascending order of position, those after `after`. */
  async read(stream: StreamName, after: number, limit: number): Promise<StreamItem[]> {
    const { logStore, mapStore } = this.#parts;
    if (stream === 'checkpoints') return await this.#checkpoints(after, limit);
    const published = await logStore.published();
    if (!published) return [];
    const revisions = (await mapStore.revisions(after, limit)).filter(({ leafIndex }) => leafIndex < published.size);
    return await Promise.all(revisions.map(async (revision) => ({ position: revision.revision, ...(await this.#revisionFields(stream, revision, published)) })));
  }

  /** Each with the proof that it extends the one before it (for the first: the one at `after`). */
  async #checkpoints(after: number, limit: number): Promise<StreamItem[]> {
    const checkpoints = await this.#parts.logStore.checkpoints(after, limit);
    const older = [after, ...checkpoints.map(({ size }) => size)];
    return await Promise.all(
      checkpoints.map(async ({ size, note }, at) => {
        const from = older[at]!;
        const proof = from > 0 ? await consistencyProof(this.#parts.tiles, from, size) : [];
        return { position: size, checkpoint: note, consistency: proof.map(toBase64Url) };
      }),
    );
  }

  async #revisionFields(stream: Exclude<StreamName, 'checkpoints'>, { revision, root, leafIndex }: StoredRevision, published: ServedCheckpoint): Promise<Record<string, unknown>> {
    const { logStore, mapStore, tiles } = this.#parts;
    if (stream === 'revisions') {
      const [entry, inclusion] = await Promise.all([logStore.entry(leafIndex), inclusionProof(tiles, leafIndex, published.size)]);
      return { root: toBase64Url(root), entry: toBase64Url(entry!), leafIndex, inclusion: inclusion.map(toBase64Url), checkpoint: stapled(published) };
    }
    const transition = (await mapStore.transition(revision))!;
    if (stream === 'transitions') return { transition: toBase64Url(transition) };
    return { mutations: parseMapTransition(transition).mutations.map(toBase64Url) };
  }
}

import { createMapProof, inclusionProof, mapIndexOf, mapLookup, type MapLookup, type MapProof, parseMutation, type TileReader, verifyMapLookup, vrfProofToHash, vrfProve } from '@boop/log';
import { BoopError } from '@boop/shared';
import { type LogStore, type ServedCheckpoint, stapled } from '../store/log-store.ts';
import { type MapStore, type StoredRevision } from './map-store.ts';
import { type VrfKey } from './vrf-key.ts';

export interface ServedRevision {
  readonly published: ServedCheckpoint;
  readonly revision: StoredRevision;
}

/** What the map holds under the newest published checkpoint: all that is served follows from a record that this checkpoint covers. */
export class MapProofs {
  readonly #parts: { readonly logStore: LogStore; readonly mapStore: MapStore; readonly tiles: TileReader; readonly vrfKey: VrfKey };

  constructor(parts: { logStore: LogStore; mapStore: MapStore; tiles: TileReader; vrfKey: VrfKey }) {
    this.#parts = parts;
  }

  /** Where an account stands or would stand, and the proof that it is there. */
  indexOf(label: Uint8Array): { index: Uint8Array; vrfProof: Uint8Array; vrfKey: Uint8Array } {
    const { vrfKey } = this.#parts;
    const vrfProof = vrfProve(vrfKey.secret, label);
    return { index: mapIndexOf(vrfProofToHash(vrfProof)), vrfProof, vrfKey: vrfKey.public };
  }

  /** @throws BoopError `log.pending` before the first revision is under a checkpoint */
  async served(): Promise<ServedRevision> {
    const { logStore, mapStore } = this.#parts;
    const published = await logStore.published();
    const revision = published && (await mapStore.newestUnder(published.size));
    if (!revision) throw new BoopError('log.pending', 'the map has no revision under a checkpoint yet', { kind: 'unavailable' });
    return { published, revision };
  }

  /** Presence or absence of an account, with its opening unless that was erased. Checked offline by `verifyMapProof`. */
  async lookup(label: Uint8Array, options: { history: boolean }): Promise<MapProof> {
    const { index, vrfProof } = this.indexOf(label);
    const served = await this.served();
    const parts = await this.#proofParts(index, served);
    const version = parts.mutation && parseMutation(parts.mutation).version;
    const shown = version === undefined ? undefined : await this.#parts.mapStore.opening(index, version);
    const history = options.history && version !== undefined ? await this.#parts.mapStore.history(index, served.revision.revision) : undefined;
    return createMapProof({ ...parts, vrfProof, ...(shown ? { opening: shown } : {}), ...(history ? { history } : {}) });
  }

  /** The same for who knows an index and no label: without the proof of the index, and with nothing opened. */
  async byIndex(index: Uint8Array): Promise<Omit<MapProof, 'vrfProof' | 'opening'>> {
    const { vrfProof: _, ...proof } = createMapProof({ ...(await this.#proofParts(index, await this.served())), vrfProof: new Uint8Array(0) });
    return proof;
  }

  async #proofParts(index: Uint8Array, { published, revision }: ServedRevision) {
    const { logStore, mapStore, tiles } = this.#parts;
    const [entry, inclusion, lookup] = await Promise.all([
      logStore.entry(revision.leafIndex),
      inclusionProof(tiles, revision.leafIndex, published.size),
      mapLookup(mapStore, revision.root, index),
    ]);
    const mutation = await this.#mutationOf(index, revision, lookup);
    return { checkpoint: stapled(published), revision: { entry: entry!, leafIndex: revision.leafIndex, inclusion }, lookup, ...(mutation ? { mutation } : {}) };
  }

  async #mutationOf(index: Uint8Array, { root, revision }: StoredRevision, lookup: MapLookup): Promise<Uint8Array | undefined> {
    if (verifyMapLookup(root, index, lookup) === undefined) return undefined;
    return (await this.#parts.mapStore.history(index, revision)).at(-1);
  }
}

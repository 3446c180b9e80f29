import { LABEL_BYTES_MAX } from '@boop/log';
import { logEntryBytes } from '@boop/protocol';
import { BoopError, canonicalJson, type Clock, toBase64Url } from '@boop/shared';
import { sha256 } from '@noble/hashes/sha2.js';
import { type EntryPool } from '../sequencer/entry-pool.ts';
import { type MapProofs } from './map-proofs.ts';
import { type MapStore } from './map-store.ts';

export interface ErasureOptions {
  readonly network: { readonly networkId: string; readonly epoch: number };
  readonly mapStore: MapStore;
  readonly indexes: Pick<MapProofs, 'indexOf'>;
  readonly pool: EntryPool;
  readonly clock: Clock;
}

export interface Erased {
  readonly openings: number;
  /** For the person: canonical JSON, whose SHA-256 is in the log. */
  readonly receipt: Uint8Array;
  readonly leafIndex: number;
}

/** Deletes what accounts committed to, and writes into the log that it was done. */
export class Erasure {
  readonly #options: ErasureOptions;

  constructor(options: ErasureOptions) {
    this.#options = options;
  }

  /** The openings are gone before the log says so; after a crash in between, the same call again writes the entry. @throws BoopError `request.malformed`, `log.unavailable`, `service.overloaded` */
  async erase(label: Uint8Array): Promise<Erased> {
    const { network, mapStore, indexes, pool, clock } = this.#options;
    if (label.length === 0 || label.length > LABEL_BYTES_MAX) throw new BoopError('request.malformed', 'a label has 1 to 255 bytes');
    const { index } = indexes.indexOf(label);
    const openings = await mapStore.erase(index);
    const time = Math.floor(clock.nowMs() / 1_000);
    const receipt = canonicalJson({ v: 1, kind: 'erasure-receipt', networkId: network.networkId, time, index: toBase64Url(index), openings });
    const { networkId, epoch } = network;
    const entry = logEntryBytes({ v: 1, networkId, epoch, time, kind: 'erasure', scope: 'openings', receipt: toBase64Url(sha256(receipt)) });
    return { openings, receipt, leafIndex: await pool.add({ hash: sha256(entry), bytes: entry }) };
  }
}

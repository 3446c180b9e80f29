import { createVerifierKey, formatVerifierKey, SignatureType, type VerifierKey } from '@boop/log';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError, equalBytes } from '@boop/shared';
import { type GroupKey } from '@boop/threshold';
import { type LogStore } from '../store/log-store.ts';
import { agreedGroupKey, parseLogKey } from './group-key-agreement.ts';
import { type NodePort } from './node-port.ts';

export interface LogKeyValue {
  /** As `serializeGroupKey` of libs/threshold writes it. */
  readonly bytes: Uint8Array;
  readonly group: GroupKey;
  readonly verifierKey: VerifierKey;
  /** C2SP signed-note form of the verifier key. */
  readonly vkey: string;
}

/** The log's key: until the first checkpoint what the nodes agree on, from then on the key that signed it, whatever they say. */
export class LogKey {
  readonly #manifest: NetworkManifest;
  readonly #nodes: readonly NodePort[];
  readonly #store: LogStore;
  #pinned: LogKeyValue | undefined;
  #asking: Promise<Uint8Array | undefined> | undefined;

  constructor(manifest: NetworkManifest, nodes: readonly NodePort[], store: LogStore) {
    this.#manifest = manifest;
    this.#nodes = nodes;
    this.#store = store;
  }

  /** @throws BoopError `log.no-quorum` before the first checkpoint while fewer than t+1 nodes agree, `log.unfit-group-key` */
  async get(): Promise<LogKeyValue> {
    if (this.#pinned) return this.#pinned;
    const published = await this.#store.published();
    if (published) return (this.#pinned = this.#valueOf(published.groupKey));
    const agreed = await this.#agreed();
    if (!agreed) throw new BoopError('log.no-quorum', 'too few nodes agree on the key of the log', { kind: 'unavailable' });
    return this.#valueOf(agreed);
  }

  /** Whether the nodes hold another key now than the one that signed the published checkpoints. */
  async hasChanged(): Promise<boolean> {
    const agreed = await this.#agreed();
    return agreed !== undefined && this.#pinned !== undefined && !equalBytes(agreed, this.#pinned.bytes);
  }

  /** Asked once however many wait: the key is public, the nodes' time is not. */
  #agreed(): Promise<Uint8Array | undefined> {
    this.#asking ??= agreedGroupKey(this.#nodes.filter(({ connected }) => connected), this.#manifest).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  #valueOf(bytes: Uint8Array): LogKeyValue {
    const group = parseLogKey(bytes, this.#manifest);
    const verifierKey = createVerifierKey(this.#manifest.logOrigin, SignatureType.ed25519, group.publicKey);
    return { bytes, group, verifierKey, vkey: formatVerifierKey(verifierKey) };
  }
}

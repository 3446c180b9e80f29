import { createVerifierKey, formatVerifierKey, SignatureType, type VerifierKey } from '@boop/log';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError, equalBytes } from '@boop/shared';
import { type GroupKey, parseGroupKey } from '@boop/threshold';
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

/**
 * The log's key: until the first checkpoint what the nodes agree on, from then on the public key that signed it, whatever they say. Its shares change with the
 * epoch; the sharing is the nodes' of the epoch in force.
 */
export class LogKey {
  readonly #manifest: NetworkManifest;
  readonly #nodes: readonly NodePort[];
  readonly #store: LogStore;
  #pinned: { readonly epoch: number; readonly value: LogKeyValue } | undefined;
  #asking: Promise<Uint8Array | undefined> | undefined;

  constructor(manifest: NetworkManifest, nodes: readonly NodePort[], store: LogStore) {
    this.#manifest = manifest;
    this.#nodes = nodes;
    this.#store = store;
  }

  /** @throws BoopError `log.no-quorum` before the first checkpoint while fewer than t+1 nodes agree, `log.unfit-group-key` */
  async get(): Promise<LogKeyValue> {
    const { epoch } = this.#manifest;
    if (this.#pinned?.epoch === epoch) return this.#pinned.value;
    const published = await this.#store.published();
    const signed = this.#pinned?.value.group ?? (published && parseGroupKey(published.groupKey));
    // A network of one epoch has one sharing; later ones are named after their epochs.
    if (published && (epoch === 1 || parseGroupKey(published.groupKey).epoch === epoch)) return this.#pin(published.groupKey, epoch);
    const agreed = await this.#agreed();
    if (!agreed) throw new BoopError('log.no-quorum', 'too few nodes agree on the key of the log', { kind: 'unavailable' });
    if (!signed) return this.#valueOf(agreed);
    const shared = parseGroupKey(agreed);
    if (!equalBytes(shared.publicKey, signed.publicKey)) throw new BoopError('log.key-changed', 'the nodes hold another key than the one of this log', { kind: 'fatal' });
    if (shared.epoch !== epoch) throw new BoopError('log.no-quorum', 'too few nodes hold shares of this epoch', { kind: 'unavailable' });
    return this.#pin(agreed, epoch);
  }

  /** Whether the nodes hold another key now than the one that signed the published checkpoints. */
  async hasChanged(): Promise<boolean> {
    const agreed = await this.#agreed();
    return agreed !== undefined && this.#pinned !== undefined && !equalBytes(parseGroupKey(agreed).publicKey, this.#pinned.value.group.publicKey);
  }

  /** Asked once however many wait: the key is public, the nodes' time is not. */
  #agreed(): Promise<Uint8Array | undefined> {
    this.#asking ??= agreedGroupKey(this.#nodes.filter(({ connected }) => connected), this.#manifest).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  #pin(bytes: Uint8Array, epoch: number): LogKeyValue {
    const value = this.#valueOf(bytes);
    this.#pinned = { epoch, value };
    return value;
  }

  #valueOf(bytes: Uint8Array): LogKeyValue {
    const group = parseLogKey(bytes, this.#manifest);
    const verifierKey = createVerifierKey(this.#manifest.logOrigin, SignatureType.ed25519, group.publicKey);
    return { bytes, group, verifierKey, vkey: formatVerifierKey(verifierKey) };
  }
}

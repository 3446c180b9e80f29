import { createVerifierKey, formatVerifierKey, SignatureType } from '@boop/log';
import { publicJwk } from '@boop/identity';
import { type Logger } from '@boop/platform';
import { manifestDigest, type ManifestLink, type NetworkAttestations, type NetworkEpochs, type NetworkInfo, type NetworkKeys, type NetworkManifest, type NodeStatus } from '@boop/protocol';
import { BoopError, fromBase64Url } from '@boop/shared';
import { encoderOf } from '../domain/check-split.ts';
import { keyChange, tokenKeyNames, unexpectedKeys } from '../domain/token-key-rollover.ts';
import { type GroupKeyRecord, type GroupKeyStore } from './ports.ts';

export interface PublicUrls {
  readonly gateway: string;
  readonly bridge: string;
  readonly ledger: string;
  readonly console: string;
}

/** Life of an ID token, clocks that differ, and caches of the JWKS, twice over. */
const retiredAfterMs = 20 * 60_000;

/** What everybody may know of the network, and the group keys that t+1 nodes agreed on. */
export class NetworkService {
  /** The one in force. */
  readonly manifest: NetworkManifest;
  readonly issuer: string;
  readonly urls: PublicUrls;
  readonly #links: (from: number) => ManifestLink[];
  readonly #at: (epoch: number) => NetworkManifest | undefined;
  readonly #known: () => readonly NetworkManifest[];
  readonly #store: GroupKeyStore;
  readonly #statuses: () => NodeStatus[];
  readonly #log: Logger;
  readonly #own: ReturnType<typeof publicJwk>[] = [];
  #keys = new Map<string, GroupKeyRecord>();
  #changes: Promise<void> = Promise.resolve();

  constructor(options: { manifest: NetworkManifest; at?: (epoch: number) => NetworkManifest | undefined; links?: (from: number) => ManifestLink[]; known?: () => readonly NetworkManifest[]; issuer: string; urls: PublicUrls; keys: GroupKeyStore; statuses: () => NodeStatus[]; log: Logger }) {
    this.manifest = options.manifest;
    this.#links = options.links ?? (() => []);
    this.#at = options.at ?? (() => undefined);
    this.#known = options.known ?? (() => [options.manifest]);
    this.issuer = options.issuer;
    this.urls = options.urls;
    this.#store = options.keys;
    this.#statuses = options.statuses;
    this.#log = options.log;
  }

  async load(): Promise<void> {
    this.#keys = new Map((await this.#store.all()).map((key) => [key.name, key]));
  }

  /** Takes keys on which t+1 nodes agree; one that is known stays, unless the token key rolls over to the one that was announced. */
  learn(agreed: readonly GroupKeyRecord[]): Promise<void> {
    return this.#alone(async () => {
      const change = keyChange(this.#keys, agreed);
      for (const name of unexpectedKeys(this.#keys, agreed, change)) this.#log.error('the nodes name another group key than before', { name });
      if (!change.put.length && !change.remove.length) return;
      if (change.remove.length) this.#log.info('the token key rolled over', {});
      await this.#store.change(change);
      await this.load();
    });
  }

  /** Forgets a replaced token key when no token by it can be valid any more. */
  retireKeys(nowMs: number): Promise<void> {
    return this.#alone(async () => {
      if (this.#keys.has('token-previous') && (await this.#store.retire('token-previous', nowMs - retiredAfterMs))) await this.load();
    });
  }

  /** Nodes tell their keys several times a second: each change begins with what the one before has left. */
  #alone(change: () => Promise<void>): Promise<void> {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => undefined);
    return done;
  }

  /** base64url. @throws BoopError `mpc.nodes-unavailable` until the nodes have told it */
  groupKey(name: string): string {
    const key = this.#keys.get(name);
    if (!key) throw new BoopError('mpc.nodes-unavailable', 'the nodes have not told their group keys yet', { kind: 'unavailable' });
    return key.publicKey;
  }

  get ready(): boolean {
    return this.#keys.has('token') && this.#keys.has('log');
  }

  /** @throws BoopError `mpc.nodes-unavailable` */
  info(): NetworkInfo {
    const { networkId, epoch, members, threshold, testNetwork, operatingPoints, defaultOperatingPoint, logOrigin } = this.manifest;
    const verifierKey = formatVerifierKey(createVerifierKey(logOrigin, SignatureType.ed25519, fromBase64Url(this.groupKey('log'))));
    return {
      networkId,
      epoch,
      nodes: members.length,
      threshold,
      testNetwork,
      issuer: this.issuer,
      encoder: encoderOf(this.manifest, defaultOperatingPoint),
      members: members.map(({ party, name, jurisdiction, identityKey, hpkeKey }) => ({ party, name, jurisdiction, identityKey, hpkeKey })),
      operatingPoints,
      defaultOperatingPoint,
      groupKeys: [...this.#keys.values()],
      log: { origin: logOrigin, verifierKey, url: this.urls.ledger },
      jwksUrl: `${this.urls.gateway}/.well-known/jwks.json`,
      bridgeUrl: this.urls.bridge,
    };
  }

  /**
   * What a split of this epoch is judged by, and what the nodes answer to it: nodes end sessions of the epoch before; of any other, by the manifest in force, which
   * refuses it. It stays as it is when another one comes into force.
   */
  manifestOf(epoch: number): NetworkManifest {
    return (epoch === this.manifest.epoch - 1 ? this.#at(epoch) : undefined) ?? { ...this.manifest };
  }

  /** The manifests that came into force from an epoch on, as their custodians signed them. */
  manifests(from: number): ManifestLink[] {
    return this.#links(from);
  }

  /** Public keys of the network and of its nodes. @throws BoopError `mpc.nodes-unavailable` */
  keys(): NetworkKeys {
    const { networkId, epoch, groupKeys, members, jwksUrl } = this.info();
    return { networkId, epoch, groupKeys, members, jwksUrl };
  }

  /** The epochs of which the manifest is known, the one in force last. */
  epochs(): NetworkEpochs {
    const { networkId, epoch } = this.manifest;
    return {
      networkId,
      epoch,
      epochs: this.#known().map((manifest) => ({
        epoch: manifest.epoch,
        threshold: manifest.threshold,
        members: manifest.members.map(({ party, name, jurisdiction, identityKey }) => ({ party, name, jurisdiction, identityKey })),
        manifestDigest: manifestDigest(manifest),
      })),
    };
  }

  /** Which software may take part, by epoch, as the custodians signed it with the manifest. */
  attestations(): NetworkAttestations {
    const { networkId, epoch } = this.manifest;
    return {
      networkId,
      epoch,
      attestations: this.#known().map((manifest) => ({ epoch: manifest.epoch, manifestDigest: manifestDigest(manifest), ...(manifest.software && { software: [...manifest.software] }) })),
    };
  }

  nodes(): NodeStatus[] {
    return this.#statuses();
  }

  /** Keys of the nodes that may stand behind an ID token, base64url, the one in use first; during a roll-over also the next and the last. */
  tokenKeys(): string[] {
    return tokenKeyNames.flatMap((name) => this.#keys.get(name)?.publicKey ?? []);
  }

  /** Adds a key of the gateway's own to the JWKS. */
  publish(jwk: ReturnType<typeof publicJwk>): void {
    this.#own.push(jwk);
  }

  /** RFC 7517. @throws BoopError `mpc.nodes-unavailable` */
  jwks(): { keys: ReturnType<typeof publicJwk>[] } {
    this.groupKey('token');
    return { keys: [...this.tokenKeys().map(publicJwk), ...this.#own] };
  }
}

import { BoopError, equalBytes, toBase64Url } from '@boop/shared';
import { KeyShare } from '@boop/threshold';
import { groupKeyNames, type GroupKeyName } from '../link/peer-methods.ts';
import { type KeyStore } from '../store/ports.ts';

interface Entry {
  readonly ceremonyId: Uint8Array;
  readonly share: KeyShare;
  confirmed: boolean;
}

/** This node's shares of the group keys. A share counts once all nodes are known to have stored theirs. */
export class KeyRing {
  readonly #store: KeyStore;
  readonly #entries = new Map<GroupKeyName, Entry>();

  constructor(store: KeyStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    for (const { name, ceremonyId, share, confirmed } of await this.#store.load()) {
      this.#entries.set(name, { ceremonyId, share: KeyShare.parse(share), confirmed });
      share.fill(0);
    }
  }

  get complete(): boolean {
    return groupKeyNames.every((name) => this.#entries.get(name)?.confirmed);
  }

  /** @throws BoopError `keys.missing` (unavailable) */
  get(name: GroupKeyName): KeyShare {
    const entry = this.#entries.get(name);
    if (!entry?.confirmed) throw new BoopError('keys.missing', 'the nodes have no such group key yet', { kind: 'unavailable' });
    return entry.share;
  }

  status(): { name: GroupKeyName; ceremonyId: Uint8Array; confirmed: boolean }[] {
    return [...this.#entries].map(([name, { ceremonyId, confirmed }]) => ({ name, ceremonyId, confirmed }));
  }

  /** Public sides of the keys in use, as `node.status` tells them. */
  publicKeys(): { name: string; suite: string; signers: number; publicKey: string }[] {
    return [...this.#entries.values()]
      .filter(({ confirmed }) => confirmed)
      .map(({ share: { group } }) => ({ name: group.name, suite: group.suite, signers: group.threshold, publicKey: toBase64Url(group.publicKey) }));
  }

  /** Stores a share durably; a half-kept one of an earlier ceremony goes. @throws BoopError `keys.confirmed` */
  async keep(name: GroupKeyName, ceremonyId: Uint8Array, share: KeyShare): Promise<void> {
    const serialized = share.serialize();
    await this.#store.put({ name, ceremonyId, share: serialized });
    serialized.fill(0);
    this.#entries.get(name)?.share.wipe();
    this.#entries.set(name, { ceremonyId, share, confirmed: false });
  }

  /** Idempotent. @throws BoopError `keys.other-ceremony` */
  async confirm(name: GroupKeyName, ceremonyId: Uint8Array): Promise<void> {
    const entry = this.#entries.get(name);
    if (!entry || !equalBytes(entry.ceremonyId, ceremonyId)) throw new BoopError('keys.other-ceremony', 'no share of that ceremony is here', { kind: 'peer' });
    if (entry.confirmed) return;
    await this.#store.confirm(name, ceremonyId);
    entry.confirmed = true;
  }

  wipe(): void {
    for (const { share } of this.#entries.values()) share.wipe();
  }
}

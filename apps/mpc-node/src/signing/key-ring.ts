import { BoopError, type Clock, equalBytes, toBase64Url } from '@boop/shared';
import { KeyShare } from '@boop/threshold';
import { groupKeyNames, type GroupKeyName } from '../link/peer-methods.ts';
import { type KeyStore } from '../store/ports.ts';

interface Entry {
  readonly ceremonyId: Uint8Array;
  readonly share: KeyShare;
  confirmed: boolean;
}

/** The key that signs tokens next, and from when on, seconds since 1970. */
interface NextEntry extends Entry {
  readonly takesOverAt: number;
}

/** So long the key before can still sign what was decided in its time: longer than a decision may be old and a signature may take. */
const overlapSeconds = 120;

/** This node's shares of the group keys. A share counts once all nodes are known to have stored theirs. */
export class KeyRing {
  readonly #store: KeyStore;
  readonly #clock: Clock;
  readonly #entries = new Map<GroupKeyName, Entry>();
  #next: NextEntry | undefined;

  constructor(store: KeyStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    for (const { name, ceremonyId, share, confirmed } of await this.#store.load()) {
      this.#entries.set(name, { ceremonyId, share: KeyShare.parse(share), confirmed });
      share.fill(0);
    }
    const next = await this.#store.loadNext();
    if (!next) return;
    this.#next = { ...next, share: KeyShare.parse(next.share) };
    next.share.fill(0);
  }

  get complete(): boolean {
    return groupKeyNames.every((name) => this.#entries.get(name)?.confirmed);
  }

  /** The key in use now. @throws BoopError `keys.missing` (unavailable) */
  get(name: GroupKeyName): KeyShare {
    if (name === 'token') return this.tokenAt(this.#nowSeconds());
    return this.#confirmed(name);
  }

  /** The key of tokens about what was decided at this time, seconds: all nodes take the same one, whatever their clocks say. @throws BoopError `keys.missing` (unavailable) */
  tokenAt(authTime: number): KeyShare {
    return this.#nextAt(authTime)?.share ?? this.#confirmed('token');
  }

  status(): { name: GroupKeyName; ceremonyId: Uint8Array; confirmed: boolean }[] {
    return [...this.#entries].map(([name, { ceremonyId, confirmed }]) => ({ name, ceremonyId, confirmed }));
  }

  nextStatus(): { ceremonyId: Uint8Array; takesOverAt: number; confirmed: boolean } | undefined {
    return this.#next && { ceremonyId: this.#next.ceremonyId, takesOverAt: this.#next.takesOverAt, confirmed: this.#next.confirmed };
  }

  /** Another token key is announced, or has taken over while the one before can still sign; a change of epoch would leave it behind. */
  get isRollingOver(): boolean {
    return this.#next !== undefined && (this.#next.confirmed || this.#next.takesOverAt > this.#nowSeconds());
  }

  /** Public sides of the keys in use, in the same order at all nodes, as `node.status` tells them; and of the one that is announced as `token-next`. */
  publicKeys(): { name: string; suite: string; signers: number; publicKey: string }[] {
    const inUse = groupKeyNames.filter((name) => this.#entries.get(name)?.confirmed).map((name) => publicSide(name, this.get(name)));
    const announced = this.#next?.confirmed && !this.#nextAt(this.#nowSeconds()) ? [publicSide('token-next', this.#next.share)] : [];
    return [...inUse, ...announced];
  }

  /** Stores a share durably; a half-kept one of an earlier ceremony goes. @throws BoopError `keys.confirmed` */
  async keep(name: GroupKeyName, ceremonyId: Uint8Array, share: KeyShare): Promise<void> {
    await this.#stored(share, async (serialized) => await this.#store.put({ name, ceremonyId, share: serialized }));
    this.#entries.get(name)?.share.wipe();
    this.#entries.set(name, { ceremonyId, share, confirmed: false });
  }

  /** As {@link keep}, for the key that signs tokens from `takesOverAt` on. @throws BoopError `keys.confirmed` */
  async keepNext(ceremonyId: Uint8Array, share: KeyShare, takesOverAt: number): Promise<void> {
    await this.#stored(share, async (serialized) => await this.#store.putNext({ ceremonyId, share: serialized, takesOverAt }));
    this.#next?.share.wipe();
    this.#next = { ceremonyId, share, takesOverAt, confirmed: false };
  }

  /** Idempotent. @throws BoopError `keys.other-ceremony` */
  async confirm(name: GroupKeyName, ceremonyId: Uint8Array): Promise<void> {
    await confirmEntry(this.#entries.get(name), ceremonyId, async () => await this.#store.confirm(name, ceremonyId));
  }

  /** Idempotent. @throws BoopError `keys.other-ceremony` */
  async confirmNext(ceremonyId: Uint8Array): Promise<void> {
    await confirmEntry(this.#next, ceremonyId, async () => await this.#store.confirmNext(ceremonyId));
  }

  /** Forgets the key that signed tokens before, once nothing that was decided in its time can be signed any more. @returns whether it did */
  async takeOverDue(): Promise<boolean> {
    const next = this.#nextAt(this.#nowSeconds() - overlapSeconds);
    if (!next) return false;
    await this.#stored(next.share, async (share) => await this.#store.takeOver({ ceremonyId: next.ceremonyId, share }));
    this.#entries.get('token')?.share.wipe();
    this.#entries.set('token', next);
    this.#next = undefined;
    return true;
  }

  wipe(): void {
    for (const { share } of this.#entries.values()) share.wipe();
    this.#next?.share.wipe();
  }

  #confirmed(name: GroupKeyName): KeyShare {
    const entry = this.#entries.get(name);
    if (!entry?.confirmed) throw new BoopError('keys.missing', 'the nodes have no such group key yet', { kind: 'unavailable' });
    return entry.share;
  }

  #nextAt(seconds: number): NextEntry | undefined {
    return this.#next?.confirmed && seconds >= this.#next.takesOverAt ? this.#next : undefined;
  }

  async #stored(share: KeyShare, store: (serialized: Uint8Array) => Promise<void>): Promise<void> {
    const serialized = share.serialize();
    try {
      await store(serialized);
    } finally {
      serialized.fill(0);
    }
  }

  #nowSeconds(): number {
    return this.#clock.nowMs() / 1000;
  }
}

const publicSide = (name: string, { group }: KeyShare) => ({ name, suite: group.suite, signers: group.threshold, publicKey: toBase64Url(group.publicKey) });

async function confirmEntry(entry: Entry | undefined, ceremonyId: Uint8Array, store: () => Promise<void>): Promise<void> {
  if (!entry || !equalBytes(entry.ceremonyId, ceremonyId)) throw new BoopError('keys.other-ceremony', 'no share of that ceremony is here', { kind: 'peer' });
  if (entry.confirmed) return;
  await store();
  entry.confirmed = true;
}

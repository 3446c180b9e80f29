import { type SignedSubjectOrder } from '@boop/protocol';
import { equalBytes } from '@boop/shared';
import { type GalleryStore, type StoredRegistration } from '../gallery/gallery-store.ts';
import { type ErasureCause, type RegistrationCertificate } from '../link/peer-methods.ts';
import { type AttemptStore, type CheckpointStore, dayOf, type Evidence, type EvidenceStore, type KeyStore, type SplitStore, type StoredHead, type StoredKeyShare, type StoredNextKey } from '../store/ports.ts';

import { orderName, type OrderStore } from '../subjects/order-store.ts';
import { MemoryFeedStore } from './memory-feed-store.ts';

/** Where a store call breaks: before it took effect, or after (done, but the reply was lost). */
export type Fault = 'before' | 'after';

/** Stores that survive a node's restart within a test, with faults on demand. */
export class MemoryStores {
  readonly feed = new MemoryFeedStore();
  readonly #orders = new Map<string, SignedSubjectOrder>();
  readonly orders: OrderStore = { load: async () => [...this.#orders.values()], put: async (order) => void this.#orders.set(orderName(order), order) };
  readonly #registrations = new Map<string, StoredRegistration>();
  readonly #splits = new Map<string, number>();
  readonly #keys = new Map<string, StoredKeyShare>();
  #next: StoredNextKey | undefined;
  readonly #attempts = new Map<string, { failures: number; lastAtMs: number; accepted: number; day: number }>();
  /** Evidence that was stored. */
  readonly accused: Evidence[] = [];
  #head: StoredHead | undefined;
  readonly #faults = new Map<string, Fault>();

  /** The next call of this name fails. */
  failNext(call: 'prepare' | 'commit' | 'drop' | 'saveHead' | 'putKey' | 'confirmKey' | 'putNext' | 'confirmNext' | 'takeOver', fault: Fault): void {
    this.#faults.set(call, fault);
  }

  get registrations(): StoredRegistration[] {
    return [...this.#registrations.values()].sort((a, b) => a.record.firstSlot - b.record.firstSlot);
  }

  get head(): StoredHead | undefined {
    return this.#head;
  }

  readonly gallery: GalleryStore = {
    load: () => this.#load(),
    prepare: async ({ record, shares, preparedAtMs }) =>
      await this.#call('prepare', () => {
        this.#registrations.set(record.splitHash, { record, shares: shares.map((share) => share.slice()), preparedAtMs, certificate: undefined });
      }),
    commit: async (certificate: RegistrationCertificate) =>
      await this.#call('commit', () => {
        const { splitHash: id, replaces } = certificate.record;
        this.#registrations.set(id, { ...this.#registrations.get(id)!, certificate });
        if (replaces !== undefined) this.#erase(replaces, { replacedBy: id });
      }),
    erase: async (ids, erased) => {
      for (const id of ids) this.#erase(id, erased);
    },
    drop: async (id) =>
      await this.#call('drop', () => {
        if (this.#registrations.get(id)?.certificate) return false;
        this.#registrations.delete(id);
        return true;
      }),
  };

  #erase(id: string, erased: ErasureCause): void {
    const stored = this.#registrations.get(id)!;
    this.#registrations.set(id, { ...stored, shares: stored.shares.map((share) => new Int16Array(share.length)), erased });
  }

  async *#load(): AsyncIterable<StoredRegistration> {
    for (const { shares, ...rest } of this.registrations) yield { ...rest, shares: shares.map((share) => share.slice()) };
  }

  readonly splits: SplitStore = {
    remember: async (splitHash, expiresAtMs) => {
      if (this.#splits.has(splitHash)) return false;
      this.#splits.set(splitHash, expiresAtMs);
      return true;
    },
    forgetExpired: async (nowMs) => {
      for (const [id, expiresAtMs] of this.#splits) if (expiresAtMs < nowMs) this.#splits.delete(id);
    },
  };

  readonly attempts: AttemptStore = {
    begin: async (terminal, vendor, { splitHash, expiresAtMs }, nowMs) => {
      const counted = [terminal, vendor].filter(({ id, limits }) => {
        const { failures, lastAtMs, accepted } = this.#attemptsOf(id, nowMs);
        if (failures >= limits.failuresMax || (failures >= limits.freeFailures && nowMs - lastAtMs < limits.delaySeconds * 1000) || accepted >= limits.acceptedPerDayMax) return false;
        this.#attempts.set(id, { failures: failures + 1, lastAtMs: nowMs, accepted, day: dayOf(nowMs) });
        return true;
      });
      if (counted.length < 2) return 'limited';
      return (await this.splits.remember(splitHash, expiresAtMs)) ? 'begun' : 'replayed';
    },
    accepted: async (ids, nowMs) => {
      for (const id of ids) {
        const { lastAtMs, accepted } = this.#attemptsOf(id, nowMs);
        this.#attempts.set(id, { failures: 0, lastAtMs, accepted: accepted + 1, day: dayOf(nowMs) });
      }
    },
    acceptedToday: async (id, nowMs) => this.#attemptsOf(id, nowMs).accepted,
    forgetOld: async (beforeMs) => {
      for (const [id, { lastAtMs }] of this.#attempts) if (lastAtMs < beforeMs) this.#attempts.delete(id);
    },
  };

  readonly evidence: EvidenceStore = {
    add: async (evidence) => void this.accused.push(evidence),
    named: async () => new Map(),
  };

  readonly keys: KeyStore = {
    load: async () => [...this.#keys.values()].map((stored) => ({ ...stored, share: stored.share.slice() })),
    put: async ({ name, ceremonyId, share }) =>
      await this.#call('putKey', () => {
        this.#keys.set(name, { name, ceremonyId, share: share.slice(), confirmed: false });
      }),
    confirm: async (name, ceremonyId) =>
      await this.#call('confirmKey', () => {
        const stored = this.#keys.get(name)!;
        if (!equalBytes(stored.ceremonyId, ceremonyId)) throw new Error('another ceremony');
        this.#keys.set(name, { ...stored, confirmed: true });
      }),
    loadNext: async () => this.#next && { ...this.#next, share: this.#next.share.slice() },
    putNext: async ({ share, ...next }) =>
      await this.#call('putNext', () => {
        this.#next = { ...next, share: share.slice(), confirmed: false };
      }),
    confirmNext: async (ceremonyId) =>
      await this.#call('confirmNext', () => {
        if (!this.#next || !equalBytes(this.#next.ceremonyId, ceremonyId)) throw new Error('another ceremony');
        this.#next = { ...this.#next, confirmed: true };
      }),
    takeOver: async ({ ceremonyId, share }) =>
      await this.#call('takeOver', () => {
        this.#keys.set('token', { name: 'token', ceremonyId, share: share.slice(), confirmed: true });
        this.#next = undefined;
      }),
  };

  readonly checkpoints: CheckpointStore = {
    load: async () => this.#head,
    save: async (head) =>
      await this.#call('saveHead', () => {
        this.#head = head;
      }),
  };

  #attemptsOf(id: string, nowMs: number): { failures: number; lastAtMs: number; accepted: number } {
    const { failures = 0, lastAtMs = 0, accepted = 0, day = 0 } = this.#attempts.get(id) ?? {};
    return { failures, lastAtMs, accepted: day === dayOf(nowMs) ? accepted : 0 };
  }

  async #call<T>(name: string, effect: () => T): Promise<T> {
    const fault = this.#faults.get(name);
    this.#faults.delete(name);
    await Promise.resolve();
    if (fault === 'before') throw new Error('the store failed');
    const result = effect();
    if (fault === 'after') throw new Error('the reply was lost');
    return result;
  }
}

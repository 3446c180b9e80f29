import { palmErasureBytes, type SignedPalmErasure } from '@boop/protocol';
import { BoopError, canonicalJson, type Clock, equalBytes, type PartyId, toBase64Url } from '@boop/shared';
import { type RegistrationCertificate, type RegistrationRecord } from '../link/peer-methods.ts';
import { Mutex } from '../mutex.ts';
import { type MemberVerifier } from '../sessions/certified.ts';
import { Certificates } from './certificates.ts';
import { type Gallery } from './gallery.ts';
import { type GalleryStore, type StoredRegistration } from './gallery-store.ts';
import { verifyCertificate } from './record.ts';

/** How long a registration without a certificate may wait before all peers are asked to let it go. */
export const pendingMs = 60_000;

export interface Pending {
  readonly registration: Omit<StoredRegistration, 'certificate'>;
  /** Who may take it back; unknown after a restart. */
  readonly leader: PartyId | undefined;
}

/**
 * Two-phase registration at one node. Prepared: durable, slot taken, not visible. Committed: a certificate of all N nodes,
 * durable, visible to the next query. A certificate that this node has seen is never forgotten and never refused.
 */
export class Registrar {
  readonly #gallery: Gallery;
  readonly #store: GalleryStore;
  readonly #members: MemberVerifier;
  readonly #network: { networkId: string; nodes: number };
  readonly #clock: Clock;
  readonly #alone: (step: () => void, spent?: string) => Promise<void>;
  readonly #mutex = new Mutex();
  readonly #certificates = new Certificates();
  /** Certificates whose commit has not been confirmed by the store. */
  readonly #deciding = new Map<string, RegistrationCertificate>();
  readonly #erasures = new Map<string, SignedPalmErasure>();
  /** Subject → account, for all registrations. */
  readonly #accounts = new Map<string, string>();
  /** Registrations that end by themselves. */
  readonly #retained = new Map<string, RegistrationRecord>();
  #pending: Pending | undefined;
  #closedUntilMs = 0;

  /** @param input.alone runs a step that changes rows while no session is open; one that is spent, named by its split, is not waited for */
  constructor(input: { gallery: Gallery; store: GalleryStore; members: MemberVerifier; network: { networkId: string; nodes: number }; clock: Clock; alone: (step: () => void, spent?: string) => Promise<void> }) {
    this.#gallery = input.gallery;
    this.#store = input.store;
    this.#members = input.members;
    this.#network = input.network;
    this.#clock = input.clock;
    this.#alone = input.alone;
  }

  /** Reads committed rows into the gallery, and what was pending when the process ended. */
  async load(): Promise<void> {
    for await (const registration of this.#store.load()) {
      if (registration.certificate) this.#show(registration, registration.certificate);
      else this.#pending = { registration, leader: undefined };
    }
  }

  /** Begins no registration for so long, or until {@link reopen}: the network is about to move its rows. What waits may still be committed. */
  close(durationMs: number): void {
    this.#closedUntilMs = Math.max(this.#closedUntilMs, this.#clock.nowMs() + durationMs);
  }

  reopen(): void {
    if (this.#closedUntilMs !== Infinity) this.#closedUntilMs = 0;
  }

  get isClosed(): boolean {
    return this.#clock.nowMs() < this.#closedUntilMs;
  }

  /** Split hash of the registration that waits here, if any: at most one, as slots are given in order. */
  get pendingId(): string | undefined {
    return this.#pending?.registration.record.splitHash;
  }

  /** Certificates of these registrations, as far as they are committed here. */
  certificatesOf(ids: readonly string[]): RegistrationCertificate[] {
    return ids.flatMap((id) => this.#certificates.get(id) ?? this.#deciding.get(id) ?? []);
  }

  /** @throws BoopError `gallery.slot-taken`, `gallery.closed`, `registration.nothing-to-renew` */
  async prepare(leader: PartyId, record: RegistrationRecord, shares: readonly Int16Array[]): Promise<void> {
    // A session that ends before its turn has come, as an erasure has it, wipes what it handed over.
    const held = shares.map((share) => share.slice());
    await this.#mutex.run(async () => {
      try {
        this.#requireNext(record);
      } catch (error) {
        for (const share of held) share.fill(0);
        throw error;
      }
      const registration = { record, shares: held, preparedAtMs: this.#clock.nowMs() };
      // Set first: a store that fails may have kept it, and then the slot is taken.
      this.#pending = { registration, leader };
      await this.#store.prepare(registration);
    });
  }

  /** Idempotent. @throws BoopError `gallery.certificate`, `gallery.unknown-registration` */
  async commit(certificate: RegistrationCertificate): Promise<void> {
    verifyCertificate(certificate, this.#network, this.#members);
    const id = certificate.record.splitHash;
    await this.#mutex.run(async () => {
      if (this.#certificates.has(id)) return;
      const pending = this.#pending;
      if (pending?.registration.record.splitHash !== id || !sameRecord(pending.registration.record, certificate.record))
        throw new BoopError('gallery.unknown-registration', 'this registration is not prepared here', { kind: 'peer' });
      this.#deciding.set(id, certificate);
      await this.#store.commit(certificate);
      const show = (): void => this.#show(pending.registration, certificate);
      if (certificate.record.replaces === undefined) show();
      // Its own session compares nothing any more.
      else await this.#alone(show, id);
      this.#deciding.delete(id);
      this.#pending = undefined;
    });
  }

  /** Its leader takes a registration back; not once a certificate was seen here. */
  async abort(leader: PartyId, id: string): Promise<void> {
    await this.#mutex.run(async () => {
      if (this.#pending?.leader === leader) await this.#drop(id);
    });
  }

  /**
   * After every peer has been asked: nobody has a certificate and nobody leads this registration any more.
   * @param youngMs how long it has to have waited at least
   */
  async dropStale(id: string, youngMs: number = pendingMs): Promise<void> {
    await this.#mutex.run(async () => {
      const pending = this.#pending;
      if (pending && this.#clock.nowMs() - pending.registration.preparedAtMs >= youngMs) await this.#drop(id);
    });
  }

  /** The registration of a session: its record once it is committed here, `open` while it waits for its certificate. */
  ofSession(sessionId: string): RegistrationRecord | 'open' | undefined {
    const committed = this.#certificates.ofSession(sessionId);
    if (committed) return committed;
    return this.#pending?.registration.record.sessionId === sessionId ? 'open' : undefined;
  }

  /** What is committed of an account. */
  ofAccount(accountKey: string): RegistrationRecord[] {
    return this.#certificates.ofAccount(accountKey);
  }

  /**
   * The registration whose place another one of the same account and palms may take. Somebody else's is as one that there is not.
   * @throws BoopError `registration.nothing-to-renew`
   */
  renewable(splitHash: string, { accountKey, positions }: Pick<RegistrationRecord, 'accountKey' | 'positions'>): RegistrationRecord {
    const record = this.#certificates.get(splitHash)?.record;
    const same = accountKey !== undefined && record?.accountKey === accountKey && record.positions.length === positions.length && positions.every((position) => record.positions.includes(position));
    if (!same || this.#gallery.hasErased(splitHash)) throw new BoopError('registration.nothing-to-renew', 'this account has no such registration of these palms');
    return record;
  }

  /** Registrations whose time is over and that are not erased. */
  outlived(nowSeconds: number): RegistrationRecord[] {
    return [...this.#retained.values()].filter(({ retainUntil, splitHash }) => retainUntil! <= nowSeconds && !this.#gallery.hasErased(splitHash));
  }

  /** The account that registered a subject's palms. @param subjectId base64url */
  accountOf(subjectId: string): string | undefined {
    return this.#accounts.get(subjectId);
  }

  /** Requests for which shares were deleted here. */
  get erasures(): SignedPalmErasure[] {
    return [...new Map([...this.#erasures.values()].map((request) => [toBase64Url(palmErasureBytes(request.record)), request])).values()];
  }

  /**
   * Deletes the shares of what an account had registered by the time of its request, here, durably and in memory. Idempotent.
   * @returns how many registrations are erased by this request, now or before
   * @throws BoopError `gallery.closed`, `subject.unknown`
   */
  async erase(request: SignedPalmErasure): Promise<number> {
    return await this.#mutex.run(async () => {
      const { record: { accountKey, requestedAt }, signed } = request;
      const meant = this.ofAccount(accountKey).filter(({ time, splitHash }) => (signed.method === 'retention' ? splitHash === signed.split : time <= requestedAt));
      if (meant.length === 0) throw new BoopError('subject.unknown', 'nothing is registered under this account');
      const left = meant.filter(({ splitHash }) => !this.#gallery.hasErased(splitHash));
      if (left.length === 0) return meant.length;
      if (this.isClosed) throw new BoopError('gallery.closed', 'the network moves to another epoch', { kind: 'unavailable', retryAllowed: true });
      await this.#store.erase(left.map(({ splitHash }) => splitHash), request);
      await this.#alone(() => {
        for (const record of left) {
          this.#gallery.erase(record, requestedAt);
          this.#erasures.set(record.splitHash, request);
        }
      });
      return meant.length;
    });
  }

  /** Repeats commits whose outcome the store left open. */
  async retryDeciding(): Promise<void> {
    for (const certificate of [...this.#deciding.values()]) await this.commit(certificate);
  }

  #requireNext(record: RegistrationRecord): void {
    if (this.isClosed) throw new BoopError('gallery.closed', 'the network moves to another epoch', { kind: 'unavailable', retryAllowed: true });
    if (this.#pending || record.firstSlot !== this.#gallery.rows) throw slotTaken();
    // It may have been erased since the session was opened.
    if (record.replaces !== undefined) this.renewable(record.replaces, record);
  }

  async #drop(id: string): Promise<void> {
    if (this.pendingId !== id || this.#deciding.has(id)) return;
    if (!(await this.#store.drop(id))) return;
    for (const share of this.#pending!.registration.shares) share.fill(0);
    this.#pending = undefined;
  }

  #show(registration: Omit<StoredRegistration, 'certificate'>, certificate: RegistrationCertificate): void {
    const { record, shares, erased } = registration;
    const { splitHash, subjectId, accountKey, replaces, retainUntil } = record;
    if (replaces !== undefined) this.#retire(replaces);
    this.#gallery.append(record, shares);
    this.#certificates.add(certificate);
    if (accountKey !== undefined) this.#accounts.set(subjectId, accountKey);
    if (retainUntil !== undefined) this.#retained.set(splitHash, record);
    for (const share of shares) share.fill(0);
    // What was replaced goes with the one that replaced it, which comes later.
    if (!erased || 'replacedBy' in erased) return;
    this.#gallery.erase(record, erased.record.requestedAt);
    this.#erasures.set(splitHash, erased);
  }

  /** The subject lives on in what is appended next. If an erasure came first, that it was replaced is what all nodes end up with. */
  #retire(splitHash: string): void {
    this.#gallery.erase(this.#certificates.get(splitHash)!.record, Number.NEGATIVE_INFINITY);
    this.#erasures.delete(splitHash);
  }
}

const slotTaken = (): BoopError => new BoopError('gallery.slot-taken', 'another registration waits for its commit, or the slot is taken', { kind: 'unavailable' });

const sameRecord = (a: RegistrationRecord, b: RegistrationRecord): boolean => equalBytes(canonicalJson(a), canonicalJson(b));

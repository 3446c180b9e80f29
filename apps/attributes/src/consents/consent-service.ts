import {
  commonPurposeTexts, consentCommitment, type ConsentGrant, consentGrantHash, consentRevocationHash, erasureRequestHash, type PurposeText, purposeTextHash, type SignedErasureRequest, type SignedGrant, type SignedRevocation, verifyErasureRequest, verifyGrant, verifyGrantFollows, verifyRevocation,
} from '@boop/identity';
import { type Logger } from '@boop/platform';
import { type Consent, type ConsentAction, type ConsentEvent, type ConsentNotice, type ConsentReceipts, type LogEntry, logEntryBytes, logEntryHash } from '@boop/protocol';
import { BoopError, type Clock, isBoopError, type Rng, toBase64Url } from '@boop/shared';
import { type ConsentChange, type ConsentStore, type StoredConsent, type StoredDocument } from './consent-store.ts';
import { consentView, pageOfStatus } from './consent-view.ts';

/** How far the time of a new grant may be from this service's clock, seconds. A revocation is taken whatever the device's clock says. */
const grantSkewSeconds = 300;
const retryBatch = 20;

/** Tells the nodes. Resolves when so many have a document durably that none can be released against it; the same document again is no new one. */
export interface ConsentFeed {
  publish(document: { type: 'grant'; document: SignedGrant } | { type: 'revocation'; document: SignedRevocation }): Promise<unknown>;
}

export interface ConsentServiceOptions {
  readonly network: { readonly networkId: string; readonly epoch: number };
  readonly store: ConsentStore;
  readonly feed: ConsentFeed;
  /** Deletes values and wrapped keys of the account, here and at the nodes. */
  readonly eraseAttributes: (request: SignedErasureRequest) => Promise<{ attributes: number }>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Logger;
}

/** Consents of people to vendors. What is stored here decides nothing at a release: the nodes have the signed documents themselves. */
export class ConsentService {
  readonly #use: ConsentServiceOptions;

  constructor(options: ConsentServiceOptions) {
    this.#use = options;
  }

  /**
   * Stores a grant, tells the nodes and answers when they know. The same grant again is answered alike.
   * @throws BoopError `grant.*`, `owner.bad-signature`, `passkey.invalid`, `consent.revoked`, `mpc.nodes-unavailable`: stored, and told to the nodes as soon as they are up
   */
  async grant(signed: SignedGrant): Promise<{ consent: Consent; created: boolean }> {
    const { store, network } = this.#use;
    const { record } = signed;
    const hash = consentGrantHash(record);
    const known = await store.document(hash);
    verifyGrant(signed, { networkId: network.networkId, ...(known ? {} : { texts: await this.#texts() }) });
    if (known) return { consent: await this.#told(known), created: false };
    if (Math.abs(record.givenAt - this.#now()) > grantSkewSeconds) throw new BoopError('grant.stale', 'the consent was signed too long ago, or the clock of the device is wrong');
    const current = await store.find(record.consentId);
    if (current && isOver(current)) throw new BoopError('consent.revoked', 'the consent was withdrawn; give a new one');
    verifyGrantFollows(record, current?.grant.record);
    const logged = this.#entry(hash, current ? 'changed' : 'given');
    const next = { consentId: record.consentId, accountKey: record.accountKey, state: 'pending', grant: signed, grantHash: hash, logEntry: logged.hash } as const;
    return { consent: await this.#apply({ consent: next, document: this.#document(hash, record.consentId, current ? 'changed' : 'given', signed, logged), event: { entry: logged.entry }, from: current }), created: true };
  }

  /**
   * When it resolves, no release is answered under this consent any more.
   * @throws BoopError `revocation.*`, `owner.bad-signature`, `passkey.invalid`, `request.not-found`, `mpc.nodes-unavailable`: stored, and not yet known to enough nodes
   */
  async revoke(signed: SignedRevocation): Promise<Consent> {
    const { store, network } = this.#use;
    const { record } = signed;
    const current = await store.find(record.consentId);
    verifyRevocation(signed, { networkId: network.networkId, ...(current ? { grant: current.grant.record } : {}) });
    if (!current) throw notFound();
    if (isOver(current)) {
      const withdrawal = (await store.documents(current.consentId)).find(({ action }) => action === 'withdrawn')!;
      return await this.#told(withdrawal);
    }
    const hash = consentRevocationHash(record);
    const logged = this.#entry(hash, 'withdrawn');
    const revokedAt = this.#now();
    const { sequence: _, ...rest } = current;
    return await this.#apply({
      consent: { ...rest, state: 'revoking', revokedAtS: revokedAt, logEntry: logged.hash },
      document: this.#document(hash, current.consentId, 'withdrawn', signed, logged),
      event: { entry: logged.entry },
      from: current,
    });
  }

  /** @param after cursor of the page before */
  async list(accountKey: string, page: { after?: string | undefined; limit: number; status?: Consent['status'] | undefined }): Promise<{ consents: Consent[]; nextCursor?: string }> {
    const after = page.after === undefined ? 0 : Number(page.after);
    if (!Number.isSafeInteger(after) || after < 0) throw new BoopError('request.malformed', 'not a cursor of this list');
    const rows = await this.#use.store.list({ accountKey, after, limit: page.limit + 1, ...pageOfStatus(page.status, this.#now()) });
    const shown = rows.slice(0, page.limit);
    return { consents: shown.map((row) => consentView(row, this.#now())), ...(rows.length > shown.length ? { nextCursor: String(shown.at(-1)!.sequence) } : {}) };
  }

  /** @throws BoopError `request.not-found`, also for a consent of somebody else */
  async get(accountKey: string, consentId: string): Promise<Consent> {
    return consentView(await this.#own(accountKey, consentId), this.#now());
  }

  /** Documents and openings; the proofs are the log's. @throws BoopError `request.not-found` */
  async receipts(accountKey: string, consentId: string): Promise<ConsentReceipts> {
    await this.#own(accountKey, consentId);
    const documents = await this.#use.store.documents(consentId);
    return { receipts: documents.map(({ action, document, opening, logEntry }) => ({ v: 1, action, document, opening, logEntry })) };
  }

  async texts(): Promise<{ texts: (PurposeText & { hash: string })[] }> {
    return { texts: (await this.#texts()).map((text) => ({ ...text, hash: purposeTextHash(text) })) };
  }

  /** A published version never changes. @throws BoopError `request.conflict` */
  async publishText(text: PurposeText): Promise<{ hash: string; created: boolean }> {
    const before = await this.#texts();
    const taken = commonPurposeTexts.find(({ purpose, version, locale }) => purpose === text.purpose && version === text.version && locale === text.locale);
    if (taken && purposeTextHash(taken) === purposeTextHash(text)) return { hash: purposeTextHash(text), created: false };
    if (taken || !(await this.#use.store.publishText(text))) throw new BoopError('request.conflict', 'another text was published under this version');
    const hash = purposeTextHash(text);
    return { hash, created: !before.some((known) => purposeTextHash(known) === hash) };
  }

  /**
   * Deletes values, wrapped keys, consents and openings of an account; entries of the log stay and prove, but nothing opens them any more.
   * @throws BoopError `erasure.wrong-network`, `owner.bad-signature`, `passkey.invalid`, `mpc.nodes-unavailable`
   */
  async erase(request: SignedErasureRequest): Promise<{ consents: number; attributes: number; logEntry: string }> {
    const { store, network, eraseAttributes } = this.#use;
    verifyErasureRequest(request, { networkId: network.networkId });
    const hash = erasureRequestHash(request.record);
    // The nodes forget first: what is deleted here could not be withdrawn there any more.
    const { attributes } = await eraseAttributes(request);
    const done = this.#removal(hash);
    const consents = await store.erase(request.record.accountKey, (rows) => [
      ...rows.filter((row) => !isOver(row)).map((row) => ({ entry: this.#entry(hash, 'withdrawn').entry, notify: revocationNotice(row.grant.record, this.#now()) })),
      { entry: done },
    ]);
    return { consents, attributes, logEntry: logEntryHash(done) };
  }

  async events(limit: number): Promise<{ events: ConsentEvent[] }> {
    return { events: await this.#use.store.events(limit) };
  }

  settle(sequences: readonly number[]): Promise<void> {
    return this.#use.store.settle(sequences);
  }

  /** Tells the nodes again what they have not all confirmed. */
  async tellAgain(): Promise<void> {
    for (const document of await this.#use.store.unacknowledged(retryBatch)) {
      await this.#tell(document).catch((error: unknown) => this.#use.log.warn('the nodes have not confirmed a consent yet', { error }));
    }
  }

  async #texts(): Promise<readonly PurposeText[]> {
    return [...(await this.#use.store.texts()), ...commonPurposeTexts];
  }

  async #apply(change: ConsentChange): Promise<Consent> {
    if (!(await this.#use.store.apply(change))) throw new BoopError('request.conflict', 'the consent changed in the meantime, or its id is taken');
    return await this.#told({ ...change.document, acknowledged: false });
  }

  async #told(document: StoredDocument): Promise<Consent> {
    if (!document.acknowledged) await this.#tell(document);
    const consent = await this.#use.store.find(document.consentId);
    if (!consent) throw notFound();
    return consentView(consent, this.#now());
  }

  async #tell({ hash, document }: StoredDocument): Promise<void> {
    const { feed, store } = this.#use;
    try {
      await feed.publish(isGrant(document) ? { type: 'grant', document } : { type: 'revocation', document });
    } catch (error) {
      if (isBoopError(error) && error.kind === 'rejected') {
        await store.abandon(hash);
        throw error;
      }
      throw new BoopError('mpc.nodes-unavailable', 'too few nodes have confirmed; it is stored and they are told again', { kind: 'unavailable', cause: error });
    }
    await store.acknowledge(hash, noticeOf);
  }

  async #own(accountKey: string, consentId: string): Promise<StoredConsent> {
    const consent = await this.#use.store.find(consentId);
    if (consent?.accountKey !== accountKey) throw notFound();
    return consent;
  }

  #document(hash: string, consentId: string, action: ConsentAction, document: StoredDocument['document'], { opening, hash: logEntry }: { opening: string; hash: string }) {
    return { hash, consentId, action, document, opening, logEntry };
  }

  /** A log entry that commits to a document, with its opening. */
  #entry(document: string, action: ConsentAction): { entry: Uint8Array; hash: string; opening: string } {
    const opening = toBase64Url(this.#use.rng.bytes(32));
    const entry = logEntryBytes({ ...this.#common(), kind: 'consent', consent: consentCommitment({ opening, document }), action });
    return { entry, hash: logEntryHash(entry), opening };
  }

  #removal(document: string): Uint8Array {
    const opening = toBase64Url(this.#use.rng.bytes(32));
    return logEntryBytes({ ...this.#common(), kind: 'attributes', commitment: consentCommitment({ opening, document }), action: 'removed' });
  }

  #common(): Pick<LogEntry, 'v' | 'networkId' | 'epoch' | 'time'> {
    return { v: 1, ...this.#use.network, time: this.#now() };
  }

  #now(): number {
    return Math.floor(this.#use.clock.nowMs() / 1000);
  }
}

const isOver = ({ state }: StoredConsent): boolean => state === 'revoking' || state === 'revoked';
const isGrant = (document: SignedGrant | SignedRevocation): document is SignedGrant => document.record.kind === 'consent-grant';
const revocationNotice = ({ vendorId, consentId, purpose }: ConsentGrant, revokedAt: number): ConsentNotice => ({ kind: 'revoked', vendorId, consentId, purpose, revokedAt });
const noticeOf = ({ grant: { record }, grantHash, revokedAtS }: StoredConsent): ConsentNotice => {
  if (revokedAtS !== undefined) return revocationNotice(record, revokedAtS);
  const { vendorId, consentId, purpose, attributes, givenAt, expiresAt } = record;
  return { kind: 'granted', vendorId, consentId, purpose, grant: grantHash, attributes: attributes.map(({ name }) => name), grantedAt: givenAt, expiresAt };
};
const notFound = (): BoopError => new BoopError('request.not-found', 'there is no such consent');

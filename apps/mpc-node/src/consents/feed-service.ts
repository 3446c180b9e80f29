import {
  emptyFeedDigest,
  type FeedDocument,
  feedReceiptBytes,
  nextFeedDigest,
  personIdOf,
  type SignedAttribute,
  type SignedErasureRequest,
  type SignedGrant,
  type SignedRevocation,
  verifyAttribute,
  verifyErasureRequest,
  verifyGrant,
  verifyGrantFollows,
  verifyRevocation,
} from '@boop/identity';
import { type Logger } from '@boop/platform';
import { type FeedOutcome } from '@boop/protocol';
import { BoopError, isBoopError, toBase64Url } from '@boop/shared';
import { type Accounts } from '../gallery/accounts.ts';
import { Mutex } from '../mutex.ts';
import { type AttributeRecords, attributesPerPersonMax } from '../release/attribute-records.ts';
import { type CredentialRecords } from '../credentials/credential-records.ts';
import { type ConsentView } from './consent-view.ts';
import { type Fact, type FactChange, type FeedHead, type FeedStore } from './facts.ts';

/**
 * A node's reading of the feed. Whoever sends it only chooses the order: each document stands by the signatures of its owner, which this
 * node verifies. What it refuses it refuses for good, and goes on; what it accepts is durable before it says so.
 */
export class FeedService {
  readonly #input: { networkId: string; store: FeedStore; view: ConsentView; records: AttributeRecords; credentials: CredentialRecords; accounts: Accounts; signIdentity: (bytes: Uint8Array) => Uint8Array; log: Logger };
  readonly #mutex = new Mutex();
  #head: FeedHead = { seq: 0, digest: emptyFeedDigest };

  constructor(input: { networkId: string; store: FeedStore; view: ConsentView; records: AttributeRecords; credentials: CredentialRecords; accounts: Accounts; signIdentity: (bytes: Uint8Array) => Uint8Array; log: Logger }) {
    this.#input = input;
  }

  get head(): FeedHead {
    return this.#head;
  }

  async load(): Promise<void> {
    const { head, facts } = await this.#input.store.load();
    this.#head = head;
    // Erasures first: what a person wrote afterwards stands.
    for (const fact of facts) if (fact.kind === 'erased') this.#show(fact);
    for (const fact of facts) if (fact.kind !== 'erased') this.#show(fact);
  }

  heartbeat({ seq, digest, timeMs }: FeedHead & { timeMs: number }): FeedHead {
    this.#input.view.heard(this.#head, { seq, digest }, timeMs);
    return this.#head;
  }

  /** @throws BoopError `feed.gap` unless the documents follow the last one that was read here */
  async apply({ after, documents }: { after: number; documents: readonly FeedDocument[] }): Promise<FeedHead & { outcomes: FeedOutcome[] }> {
    return await this.#mutex.run(async () => {
      if (after !== this.#head.seq) throw new BoopError('feed.gap', 'the documents do not follow what this node has read', { kind: 'peer' });
      const outcomes: FeedOutcome[] = [];
      for (const document of documents) outcomes.push(await this.#read(document));
      return { ...this.#head, outcomes };
    });
  }

  async #read(document: FeedDocument): Promise<FeedOutcome> {
    const { store, networkId, signIdentity, log } = this.#input;
    const head = { seq: this.#head.seq + 1, digest: nextFeedDigest(this.#head.digest, document) };
    let change: FactChange = { put: [] };
    let refused: string | undefined;
    try {
      change = this.#judge(document);
    } catch (error) {
      if (!isBoopError(error)) throw error;
      refused = error.code;
      log.warn('a document of the feed was refused', { code: error.code });
    }
    await store.apply(head, change);
    this.#head = head;
    if (change.forget) this.#input.view.forget(change.forget.accountKey);
    for (const fact of change.put) this.#show(fact);
    return refused === undefined ? { receipt: toBase64Url(signIdentity(feedReceiptBytes(networkId, head.digest))) } : { refused };
  }

  #judge({ type, document }: FeedDocument): FactChange {
    switch (type) {
      case 'grant':
        return this.#grant(document);
      case 'revocation':
        return this.#revocation(document);
      case 'attribute':
        return this.#attribute(document);
      case 'erasure':
        return this.#erasure(document);
      case 'credential':
        return { put: [this.#input.credentials.registered(document)] };
      case 'credential-status':
        return { put: [this.#input.credentials.changed(document)] };
    }
  }

  #grant(document: SignedGrant): FactChange {
    const { networkId, view, records } = this.#input;
    verifyGrant(document, { networkId });
    const { accountKey, consentId, givenAt } = document.record;
    if (givenAt <= records.erasedUntil(personIdOf(networkId, accountKey))) throw new BoopError('release.revoked', 'the person has had the consent erased');
    const known = view.get(accountKey, consentId);
    if (known?.revoked) throw new BoopError('release.revoked', 'the consent was revoked');
    verifyGrantFollows(document.record, known?.grant);
    return { put: [{ kind: 'consent', accountKey, consentId, grant: document.record, revoked: false }] };
  }

  #revocation(document: SignedRevocation): FactChange {
    const { networkId, view } = this.#input;
    const { accountKey, consentId } = document.record;
    const grant = view.get(accountKey, consentId)?.grant;
    verifyRevocation(document, { networkId, ...(grant && { grant }) });
    return { put: [{ kind: 'consent', accountKey, consentId, ...(grant && { grant }), revoked: true }] };
  }

  #attribute(document: SignedAttribute): FactChange {
    const { networkId, records, accounts } = this.#input;
    verifyAttribute(document, { networkId });
    const { record, accountKey, attested } = document;
    if (!accounts.has(accountKey)) throw new BoopError('release.unknown-account', 'no registration belongs to this account');
    const personId = personIdOf(networkId, accountKey);
    if (record.version <= records.lastVersion(personId, record.attribute)) throw new BoopError('attribute.version-written', 'this version is written already');
    if (!records.latest(personId, record.attribute) && records.all(personId).length >= attributesPerPersonMax) throw new BoopError('attribute.too-many', 'the person has as many attributes as a node keeps');
    return { put: [{ kind: 'attribute', personId, document: record, ...(attested !== undefined && { attested }) }] };
  }

  #erasure(document: SignedErasureRequest): FactChange {
    const { networkId, records, credentials } = this.#input;
    verifyErasureRequest(document, { networkId });
    const { accountKey, requestedAt } = document.record;
    const personId = personIdOf(networkId, accountKey);
    return { forget: { personId, accountKey }, put: [{ kind: 'erased', personId, floor: records.highest(personId), until: Math.max(requestedAt, records.erasedUntil(personId)) }, ...credentials.erased(accountKey)] };
  }

  #show(fact: Fact): void {
    const { view, records, credentials } = this.#input;
    if (fact.kind === 'consent') view.set(fact);
    else if (fact.kind === 'credential') credentials.set(fact);
    else if (fact.kind === 'attribute') records.set(fact);
    else records.erase(fact);
  }
}

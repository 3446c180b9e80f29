import { type ConsentGrant, personIdOf, type RecordRequest, recordRequestHash, refusalOf, type SignedRecordGrant, type SealedPartial, type SignedRecordRequest, verifyRecordRequest } from '@boop/identity';
import { BoopError, type Clock } from '@boop/shared';
import { type ConsentView } from '../consents/consent-view.ts';
import { type FeedStore } from '../consents/facts.ts';
import { type Accounts } from '../gallery/accounts.ts';
import { type AttributeRecords, type KnownAttribute } from './attribute-records.ts';
import { type Evaluation, type Permitted } from './evaluation.ts';

/** How far ahead of the newest version the next may be: a write that too few nodes kept leaves a gap. */
const versionsAhead = 64;

/** A node's part in releases that the owner's device asks for. It believes nobody but the owner's signature, its own view of consents and its own records. */
export class ReleaseService {
  readonly #input: { networkId: string; accounts: Accounts; view: ConsentView; records: AttributeRecords; store: Pick<FeedStore, 'answer'>; evaluation: Evaluation; clock: Clock };

  constructor(input: { networkId: string; accounts: Accounts; view: ConsentView; records: AttributeRecords; store: Pick<FeedStore, 'answer'>; evaluation: Evaluation; clock: Clock }) {
    this.#input = input;
  }

  /**
   * @throws BoopError `release.*`, `consent.*`, `attribute.missing`, `attribute.expired`, `attribute.version-written`, `owner.bad-signature`,
   *   `passkey.invalid`
   */
  async evaluate(request: SignedRecordRequest): Promise<{ partial: SealedPartial; grant?: SignedRecordGrant }> {
    const { networkId, accounts, store, evaluation } = this.#input;
    const { record } = request;
    verifyRecordRequest(request, { networkId, now: this.#nowSeconds });
    if (!accounts.has(record.accountKey)) throw new BoopError('release.unknown-account', 'no registration belongs to this account');
    this.#permit(record);
    if (!(await store.answer(recordRequestHash(record), record.expiresAt * 1000))) throw new BoopError('release.replayed', 'this request was answered before');
    const partial = await evaluation.partial(this.#permit(record));
    // What was revoked in the meantime is not released.
    const { known, ...permitted } = this.#permit(record);
    return { partial, ...(known && { grant: evaluation.grant({ ...permitted, known }) }) };
  }

  get #nowSeconds(): number {
    return this.#input.clock.nowMs() / 1000;
  }

  #permit(record: RecordRequest): Permitted {
    const { networkId, view, records } = this.#input;
    view.requireFresh();
    const { attribute } = record;
    const personId = personIdOf(networkId, record.accountKey);
    const common = { personId, attribute, basis: recordRequestHash(record), by: 'device' } as const;
    if (record.action === 'write') {
      const last = records.lastVersion(personId, attribute);
      if (record.version <= last || record.version > last + versionsAhead) throw new BoopError('attribute.version-written', 'this version is written already, or far from the next');
      return { ...common, version: record.version, known: undefined, recipientKey: record.recipientKey };
    }
    const known = requireKnown(records, personId, attribute);
    const { version } = known.document;
    if (record.action === 'read') return { ...common, version, known, recipientKey: record.recipientKey };
    requireValid(known, this.#nowSeconds);
    const { consentId, vendorId } = record;
    const { recipientKey } = this.#coveringGrant(record);
    return { ...common, version, known, recipientKey, consentId, vendorId };
  }

  #coveringGrant({ accountKey, consentId, vendorId, purpose, attribute }: RecordRequest & { action: 'release' }): ConsentGrant {
    const consent = this.#input.view.get(accountKey, consentId);
    if (consent?.revoked) throw new BoopError('release.revoked', 'the consent was revoked');
    if (!consent?.grant) throw new BoopError('release.unknown-consent', 'this node knows no such consent');
    const refusal = refusalOf(consent.grant, { vendorId, recipientKey: consent.grant.recipientKey, purpose, attribute, now: this.#nowSeconds });
    if (refusal) throw new BoopError(refusal, 'the consent does not cover this release');
    return consent.grant;
  }
}

/** @throws BoopError `attribute.missing` */
export function requireKnown(records: AttributeRecords, personId: string, attribute: string): KnownAttribute {
  const known = records.latest(personId, attribute);
  if (!known) throw new BoopError('attribute.missing', 'there is no such attribute of this person');
  return known;
}

/** @throws BoopError `attribute.missing` before its time, `attribute.expired` */
export function requireValid({ document: { validFrom, expiresAt } }: KnownAttribute, nowSeconds: number): void {
  if (nowSeconds < validFrom) throw new BoopError('attribute.missing', 'the attribute is not valid yet');
  if (expiresAt !== undefined && nowSeconds >= expiresAt) throw new BoopError('attribute.expired', 'the attribute has expired');
}

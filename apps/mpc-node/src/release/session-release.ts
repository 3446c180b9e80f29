import { createHash } from 'node:crypto';
import { type ConsentGrant, permits, personIdOf } from '@boop/identity';
import { BoopError, type Clock, fromBase64Url, lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';
import { type ConsentView } from '../consents/consent-view.ts';
import { type Gallery } from '../gallery/gallery.ts';
import { type PeerAnswer } from '../link/peer-methods.ts';
import { refuse } from '../sessions/certified.ts';
import { type Session } from '../sessions/session.ts';
import { type AttributeRecords, type KnownAttribute } from './attribute-records.ts';
import { type Evaluation, type Permitted } from './evaluation.ts';
import { requireKnown, requireValid } from './release-service.ts';

/** An accepted authentication releases attributes for so long, seconds. */
export const authenticationAgeSecondsMax = 60;

type RequirementReason = 'user-missing-attributes' | 'vendor-not-consented';

/** Why a vendor does not get what it requires; `missing` are all required attributes that the person has not, or no longer, each once. */
export type RequirementRefusal = { readonly reason: 'user-missing-attributes'; readonly missing: readonly string[] } | { readonly reason: 'vendor-not-consented' };

/** A node's part in the attributes of an authentication: what this node itself saw accepted, for the palm that it saw, as its own view of consents allows. */
export class SessionRelease {
  readonly #input: { networkId: string; gallery: Gallery; view: ConsentView; records: AttributeRecords; evaluation: Evaluation; clock: Clock };

  constructor(input: { networkId: string; gallery: Gallery; view: ConsentView; records: AttributeRecords; evaluation: Evaluation; clock: Clock }) {
    this.#input = input;
  }

  /**
   * Whether the person of this row has all that the context requires, and lets this vendor have it.
   * @throws BoopError `release.stale-view`
   */
  refusalOf(session: Session, row: number): RequirementRefusal | undefined {
    const required = session.authentication.attributes?.required ?? [];
    if (required.length === 0) return undefined;
    this.#input.view.requireFresh();
    const outcomes = [...new Set(required)].map((attribute) => [attribute, this.#judge(session, row, attribute)] as const);
    const missing = outcomes.filter(([, outcome]) => outcome === 'user-missing-attributes').map(([attribute]) => attribute);
    if (missing.length > 0) return { reason: 'user-missing-attributes', missing };
    return outcomes.some(([, outcome]) => outcome === 'vendor-not-consented') ? { reason: 'vendor-not-consented' } : undefined;
  }

  /**
   * Parts of the keys of all that the context asks for and the person consented to, once a session.
   * @param accepted what this node itself has found the session's statements to prove
   * @throws BoopError `release.nothing-asked`, `release.stale-authentication`, `release.replayed`, `release.stale-view`
   */
  async authorise(session: Session, { row, authTime }: { row: number; authTime: number }): Promise<PeerAnswer<'release.authorise'>> {
    const { view, evaluation, clock } = this.#input;
    const asked = session.authentication.attributes;
    if (!asked) return refuse('release.nothing-asked', 'the context asks for no attributes');
    if (clock.nowMs() / 1000 - authTime > authenticationAgeSecondsMax) throw new BoopError('release.stale-authentication', 'the authentication is too old');
    if (session.released) throw new BoopError('release.replayed', 'this session has released its attributes');
    view.requireFresh();
    session.released = true;
    const names = [...new Set([...asked.required, ...asked.optional])];
    const records = [];
    for (const attribute of names) {
      const permitted = this.#judge(session, row, attribute);
      if (typeof permitted === 'string') continue;
      const partial = await evaluation.partial(permitted);
      // What was revoked in the meantime is not released.
      view.requireFresh();
      if (typeof this.#judge(session, row, attribute) !== 'string') records.push({ attribute, partial, grant: evaluation.grant(permitted) });
    }
    return { records };
  }

  /** Whether a consent still stands here: asked once more by the leader before anything leaves the network. */
  stands(session: Session, row: number, attribute: string): boolean {
    return typeof this.#judge(session, row, attribute) !== 'string';
  }

  #judge(session: Session, row: number, attribute: string): RequirementReason | (Permitted & { known: KnownAttribute }) {
    const { networkId, gallery, view, records, clock } = this.#input;
    const { subjectId, position } = gallery.row(row);
    const accountKey = gallery.accounts.of(toBase64Url(subjectId));
    if (accountKey === undefined) return 'user-missing-attributes';
    const personId = personIdOf(networkId, accountKey);
    const now = clock.nowMs() / 1000;
    let known: KnownAttribute;
    try {
      known = requireKnown(records, personId, attribute);
      requireValid(known, now);
    } catch {
      return 'user-missing-attributes';
    }
    const { vendorId, type: purpose } = session.authentication;
    const covers = (grant: ConsentGrant): boolean => permits(grant, { vendorId, recipientKey: grant.recipientKey, purpose, attribute, position, now });
    const [consent] = view.standing(accountKey).filter(covers).sort(newestFirst);
    if (!consent) return 'vendor-not-consented';
    const { consentId, recipientKey } = consent;
    return { personId, attribute, version: known.document.version, known, recipientKey, basis: sessionBasis(session.splitHash, attribute), by: 'palm', consentId, vendorId };
  }
}

/** All nodes must choose the same where several consents cover a release. */
const newestFirst = (a: ConsentGrant, b: ConsentGrant): number => b.givenAt - a.givenAt || (a.consentId < b.consentId ? -1 : 1);

/** Names the one release of an attribute that a session may have. */
export const sessionBasis = (splitHash: string, attribute: string): string =>
  toBase64Url(new Uint8Array(createHash('sha256').update(lengthPrefixed(utf8('boop-session-release/1'), fromBase64Url(splitHash), utf8(attribute))).digest()));

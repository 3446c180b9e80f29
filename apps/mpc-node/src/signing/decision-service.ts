import { opensslArithmetic as arithmetic } from '@boop/platform';
import { entryReceiptBytes } from '@boop/protocol';
import { BoopError, type Clock, equalBytes, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { commit, prfEvaluate, signingPart } from '@boop/threshold';
import { type Gallery } from '../gallery/gallery.ts';
import { type PeerAnswer, type PeerBody } from '../link/peer-methods.ts';
import { clockSkewSeconds } from '../sessions/admission.ts';
import { type MemberVerifier, refuse } from '../sessions/certified.ts';
import { requireClaimedSubject } from '../sessions/claimed-subject.ts';
import { checkMatch, checkNoAcceptance } from '../sessions/match-transcript.ts';
import { type Session } from '../sessions/session.ts';
import { type KeyRing } from './key-ring.ts';
import { authenticationEntry, pairwiseInputOf, type TokenFacts, tokenMessage } from './token-message.ts';

/** Why the vendor may not have what its context requires of the person of a row. */
type RequirementCheck = (session: Session, row: number) => string | undefined;

/** How far the leader's time of decision may be from a signer's own clock, seconds. */
const decisionSkewSeconds = 30;

/**
 * A node's part in what leaves the network about an authentication. It signs only what it has rebuilt from its own session, its own
 * gallery and statements that it has verified itself; the leader's word counts for nothing.
 */
export class DecisionService {
  readonly #input: { gallery: Gallery; ring: KeyRing; members: MemberVerifier; clock: Clock; rng: Rng; signIdentity: (bytes: Uint8Array) => Uint8Array; refusalOf: RequirementCheck; isSuspended: (row: number) => boolean };

  constructor(input: { gallery: Gallery; ring: KeyRing; members: MemberVerifier; clock: Clock; rng: Rng; signIdentity: (bytes: Uint8Array) => Uint8Array; refusalOf: RequirementCheck; isSuspended: (row: number) => boolean }) {
    this.#input = input;
  }

  /**
   * First round: checks the whole transcript, with the form of the split as this node itself has seen it checked, then evaluates the PRF for the subject and commits to nonces. A second call
   * gives fresh nonces for the same decision only.
   * @throws BoopError `split.invalid-form`, `transcript.*`, `decision.*`
   */
  authorise(session: Session, body: PeerBody<'token.authorise'>): PeerAnswer<'token.authorise'> {
    const { ring, rng } = this.#input;
    const { row, verified } = this.accepted(session, body);
    const earlier = session.token;
    if (earlier && (earlier.row !== row || earlier.authTime !== body.authTime || earlier.verified !== verified))
      refuse('decision.other-decision', 'this session has authorised another decision');
    earlier?.nonces?.discard();
    const input = earlier?.input ?? pairwiseInputOf({ view: session.view, context: session.authentication, subjectId: this.#input.gallery.row(row).subjectId });
    const partial = earlier?.partial ?? prfEvaluate(ring.get('prf'), input, rng, arithmetic);
    const { nonces, commitment } = commit(ring.tokenAt(body.authTime), rng);
    session.token = { row, verified, authTime: body.authTime, nonces, input, partial, message: earlier?.message, groupCommitment: undefined };
    return { partial, commitment };
  }

  /**
   * What this node itself finds that the statements prove: a match under the context's policy, of the person that is claimed if one is, and of somebody of whom the vendor may have what it requires.
   * @throws BoopError `split.invalid-form`, `transcript.*`, `decision.*`
   */
  accepted(session: Session, body: Omit<PeerBody<'token.authorise'>, 'splitHash'>): { row: number; verified: boolean } {
    const { gallery, members, refusalOf, isSuspended } = this.#input;
    session.requireWellFormed();
    this.checkTime(session, body.authTime);
    const { row, verified } = checkMatch(session.view, body.verdicts, gallery, members, session.splitPassed);
    requireClaimedSubject(session, row);
    if (verified !== body.verified) refuse('decision.verified-mismatch', 'the statements prove another assurance than claimed');
    if (!verified && !session.authentication.policy.acceptUnverified) refuse('decision.unverified', 'the policy refuses a match that no family confirmed');
    if (isSuspended(row)) refuse('decision.suspended', 'nothing is signed for this person now');
    if (refusalOf(session, row)) refuse('decision.requirements', 'the vendor may not have what it requires');
    if (session.rejected) refuse('decision.other-decision', 'this session was refused');
    return { row, verified };
  }

  /**
   * Second round: verifies all partials, rebuilds the token and signs its share; one message per session.
   * @throws BoopError `decision.*`, ThresholdFault `prf.bad-partial`, `frost.*`
   */
  sign(session: Session, body: PeerBody<'token.sign'>): PeerAnswer<'token.sign'> {
    const { ring } = this.#input;
    const facts = this.#facts(session);
    const attempt = session.token!;
    const { nonces } = attempt;
    if (!nonces) return refuse('decision.not-authorised', 'nothing was authorised for this session');
    attempt.nonces = undefined;
    const [prf, token] = [ring.get('prf'), ring.tokenAt(attempt.authTime)];
    try {
      const message = tokenMessage(facts, { prf, token }, byParty(body.partials), { own: { party: prf.self, partial: attempt.partial }, input: attempt.input });
      if (attempt.message && !equalBytes(attempt.message.signingInput, message.signingInput)) refuse('decision.other-message', 'this session has signed another message');
      attempt.message = message;
      const { share, groupCommitment } = signingPart(token, nonces, byParty(body.commitments), message.signingInput, arithmetic);
      attempt.groupCommitment = groupCommitment;
      return { share, receipt: this.receipt(message.entry) };
    } finally {
      nonces.discard();
    }
  }

  /** Confirms that an authentication was refused. @throws BoopError `transcript.*`, `decision.*` */
  reject(session: Session, body: PeerBody<'decision.reject'>): PeerAnswer<'decision.reject'> {
    const { gallery, members, refusalOf, isSuspended } = this.#input;
    this.checkTime(session, body.authTime);
    if (session.token) refuse('decision.other-decision', 'this session has authorised another decision');
    if (body.because === 'attributes') {
      const { row } = checkMatch(session.view, body.verdicts, gallery, members, session.splitPassed);
      if (!refusalOf(session, row)) refuse('decision.requirements', 'the vendor may have what it requires');
      return this.#rejected(session, body.authTime);
    }
    if (body.because === 'subject') {
      const { row } = checkMatch(session.view, body.verdicts, gallery, members, session.splitPassed);
      const { subjectVerdict } = session;
      if (subjectVerdict?.row !== row || subjectVerdict.claimed !== false) refuse('decision.subject', 'the match is not known to be of somebody else than claimed');
      return this.#rejected(session, body.authTime);
    }
    if (body.because === 'suspended') {
      const { row } = checkMatch(session.view, body.verdicts, gallery, members, session.splitPassed);
      if (!isSuspended(row)) refuse('decision.suspended', 'this person is not suspended here');
      return this.#rejected(session, body.authTime);
    }
    const reason = checkNoAcceptance(session.view, body.verdicts, gallery, members, session.splitPassed);
    if (reason === 'unverified' && session.authentication.policy.acceptUnverified) refuse('decision.unverified', 'the policy accepts this match');
    return this.#rejected(session, body.authTime);
  }

  #rejected(session: Session, authTime: number): PeerAnswer<'decision.reject'> {
    session.rejected = true;
    return { receipt: this.receipt(authenticationEntry(session.view, authTime)) };
  }

  /** This node's signature over a log entry that it has built itself. */
  receipt(entry: Uint8Array): string {
    return toBase64Url(this.#input.signIdentity(entryReceiptBytes(entry)));
  }

  /** What the token says, from this node's own view. @throws BoopError `decision.not-authorised` */
  #facts(session: Session): TokenFacts {
    const { token, view, header } = session;
    if (!token) return refuse('decision.not-authorised', 'nothing was authorised for this session');
    const { subjectId } = this.#input.gallery.row(token.row);
    return { view, context: session.authentication, splitAt: header.splitAt, subjectId, verified: token.verified, authTime: token.authTime };
  }

  /** @throws BoopError `decision.time`, `context.expired` */
  checkTime(session: Session, time: number): void {
    const nowSeconds = this.#input.clock.nowMs() / 1000;
    if (Math.abs(time - nowSeconds) > decisionSkewSeconds) refuse('decision.time', 'the time of the decision is not now');
    const { issuedAt, expiresAt } = session.context;
    if (time < issuedAt - clockSkewSeconds) refuse('decision.time', 'the decision is older than its context');
    if (time > expiresAt + clockSkewSeconds) throw new BoopError('context.expired', 'the context has expired');
  }
}

export const byParty = (list: readonly { party: number; bytes: Uint8Array }[]): Map<PartyId, Uint8Array> => {
  const map = new Map(list.map(({ party, bytes }) => [party as PartyId, bytes]));
  return map.size === list.length ? map : refuse('decision.repeated-party', 'a party is counted twice');
};

import { type Decision } from '@boop/mpc';
import { opensslArithmetic as arithmetic } from '@boop/platform';
import { entryReceiptBytes, missingAttributesBytes } from '@boop/protocol';
import { BoopError, type Clock, equalBytes, type PartyId, type Rng, toBase64Url } from '@boop/shared';
import { commit, prfEvaluate, signingPart } from '@boop/threshold';
import { type Gallery } from '../gallery/gallery.ts';
import { type PeerAnswer, type PeerBody } from '../link/peer-methods.ts';
import { type RequirementRefusal } from '../release/session-release.ts';
import { clockSkewSeconds } from '../sessions/admission.ts';
import { type MemberVerifier, refuse } from '../sessions/certified.ts';
import { isClaimedSubject, requireClaimedSubject } from '../sessions/claimed-subject.ts';
import { checkMatch, checkNoAcceptance } from '../sessions/match-transcript.ts';
import { type Session, type TokenAttempt } from '../sessions/session.ts';
import { type KeyRing } from './key-ring.ts';
import { authenticationEntry, pairwiseInputOf, type TokenFacts, tokenMessage } from './token-message.ts';

/** Why the vendor may not have what its context requires of the person of a row. */
type RequirementCheck = (session: Session, row: number) => RequirementRefusal | undefined;

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
   * The row that a committee of this session named, of which the others are being asked: whether this node may prepare a token about it. That decides nothing.
   * @throws BoopError `split.invalid-form`, `transcript.*`, `decision.*`
   */
  candidate(session: Session, { basis, authTime }: Pick<PeerBody<'token.prepare'>, 'basis' | 'authTime'>): number {
    const { gallery, members } = this.#input;
    session.requireWellFormed();
    return this.#candidate(session, checkMatch(session.view, [basis], gallery, members, session.splitPassed).row, authTime);
  }

  /**
   * As {@link candidate}, of a row that a committee named in which this node sits itself.
   * @throws BoopError `split.invalid-form`, `transcript.*`, `decision.*`
   */
  candidateOf(session: Session, decision: Decision, authTime: number): number {
    session.requireWellFormed();
    if (decision.kind !== 'one') return refuse('transcript.no-match', 'the identification did not name one row');
    return this.#candidate(session, decision.row, authTime);
  }

  #candidate(session: Session, row: number, authTime: number): number {
    const { isSuspended, refusalOf } = this.#input;
    this.checkTime(session, authTime);
    if (!session.splitPassed && !session.authentication.policy.acceptUnverified) refuse('decision.unverified', 'the policy refuses a match of a split that was not checked');
    if (isSuspended(row)) refuse('decision.suspended', 'nothing is signed for this person now');
    if (refusalOf(session, row)) refuse('decision.requirements', 'the vendor may not have what it requires');
    return row;
  }

  /**
   * Evaluates the PRF for the person of a candidate row and commits to nonces, both independent of what is decided. A second call gives fresh nonces for the same row and time only.
   * @throws BoopError `decision.other-decision`, `session.ended`
   */
  prepare(session: Session, row: number, authTime: number): PeerAnswer<'token.prepare'> {
    const { ring, rng } = this.#input;
    if (session.ended) refuse('session.ended', 'the session is over');
    const earlier = session.prepared;
    if (session.rejected || (earlier && (earlier.row !== row || earlier.authTime !== authTime))) refuse('decision.other-decision', 'this session has prepared another token');
    earlier?.nonces?.discard();
    const input = earlier?.input ?? pairwiseInputOf({ view: session.view, context: session.authentication, subjectId: this.#input.gallery.row(row).subjectId });
    const partial = earlier?.partial ?? prfEvaluate(ring.get('prf'), input, rng, arithmetic);
    const { nonces, commitment } = commit(ring.tokenAt(authTime), rng);
    session.prepared = { row, authTime, nonces, input, partial };
    return { partial, commitment };
  }

  /**
   * What this node itself finds that the statements prove: a match under the context's policy, of the person that is claimed if one is, and of somebody of whom the vendor may have what it requires.
   * @throws BoopError `split.invalid-form`, `transcript.*`, `decision.*`
   */
  accepted(session: Session, body: Pick<PeerBody<'token.sign'>, 'verdicts' | 'authTime' | 'verified'>): { row: number; verified: boolean } {
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
   * Checks the whole transcript, with the form of the split as this node itself has seen it checked, verifies all partials, rebuilds the token and signs its share; one message
   * per session.
   * @throws BoopError `split.invalid-form`, `transcript.*`, `decision.*`, ThresholdFault `prf.bad-partial`, `frost.*`
   */
  sign(session: Session, body: PeerBody<'token.sign'>): PeerAnswer<'token.sign'> {
    const { ring } = this.#input;
    const { row, verified } = this.accepted(session, body);
    const { prepared } = session;
    const nonces = prepared?.nonces;
    if (!nonces) return refuse('decision.not-prepared', 'nothing was prepared for this session');
    const decided = session.token ?? prepared;
    if (decided.row !== row || decided.authTime !== body.authTime || (session.token?.verified ?? verified) !== verified) refuse('decision.other-decision', 'this session has decided otherwise');
    const attempt = (session.token ??= { row, verified, authTime: body.authTime, message: undefined, groupCommitment: undefined });
    prepared.nonces = undefined;
    attempt.groupCommitment = undefined;
    const [prf, token] = [ring.get('prf'), ring.tokenAt(attempt.authTime)];
    try {
      const facts = this.#facts(session, attempt);
      const message = tokenMessage(facts, { prf, token }, byParty(body.partials), { own: { party: prf.self, partial: prepared.partial }, input: prepared.input });
      if (attempt.message && !equalBytes(attempt.message.signingInput, message.signingInput)) refuse('decision.other-message', 'this session has signed another message');
      attempt.message = message;
      const { share, groupCommitment } = signingPart(token, nonces, byParty(body.commitments), message.signingInput, arithmetic);
      attempt.groupCommitment = groupCommitment;
      return { share, receipt: this.receipt(message.entry) };
    } finally {
      nonces.discard();
    }
  }

  /** Confirms that an authentication was refused. @throws BoopError `transcript.*`, `decision.*`, `gallery.leader-behind` (unavailable) */
  reject(session: Session, body: PeerBody<'decision.reject'>): PeerAnswer<'decision.reject'> {
    const { gallery, members, refusalOf, isSuspended } = this.#input;
    this.checkTime(session, body.authTime);
    if (session.token) refuse('decision.other-decision', 'this session has decided otherwise');
    if (body.because === 'attributes') {
      const { row, verified } = checkMatch(session.view, body.verdicts, gallery, members, session.splitPassed);
      const refusal = refusalOf(session, row) ?? refuse('decision.requirements', 'the vendor may have what it requires');
      return { ...this.#rejected(session, body.authTime), ...this.#missing(session, row, verified, refusal) };
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
    // An honest leader has seen to it that it has these rows.
    if (reason === 'no-match' && session.lacksRows) throw new BoopError('gallery.leader-behind', 'the search left out rows that this node has', { kind: 'unavailable' });
    if (reason === 'unverified' && session.authentication.policy.acceptUnverified) refuse('decision.unverified', 'the policy accepts this match');
    return this.#rejected(session, body.authTime);
  }

  /**
   * What this node itself finds missing, signed: only of somebody for whom, had they all that is required, it would sign a token. So never of whoever is `no-match` or
   * `unverified` outside, whatever the leader makes of it.
   */
  #missing(session: Session, row: number, verified: boolean, refusal: RequirementRefusal): Pick<PeerAnswer<'decision.reject'>, 'missing'> {
    if (refusal.reason !== 'user-missing-attributes') return {};
    const isRecognised = !session.isFormInDoubt && isClaimedSubject(session, row) && !this.#input.isSuspended(row) && (verified || session.authentication.policy.acceptUnverified);
    if (!isRecognised) return {};
    const names = [...refusal.missing];
    return { missing: { names, signature: toBase64Url(this.#input.signIdentity(missingAttributesBytes(session.view, names))) } };
  }

  #rejected(session: Session, authTime: number): PeerAnswer<'decision.reject'> {
    session.rejected = true;
    return { receipt: this.receipt(authenticationEntry(session.view, authTime)) };
  }

  /** This node's signature over a log entry that it has built itself. */
  receipt(entry: Uint8Array): string {
    return toBase64Url(this.#input.signIdentity(entryReceiptBytes(entry)));
  }

  /** What the token says, from this node's own view. */
  #facts({ view, header, authentication }: Session, { row, verified, authTime }: TokenAttempt): TokenFacts {
    const { subjectId } = this.#input.gallery.row(row);
    return { view, context: authentication, splitAt: header.splitAt, subjectId, verified, authTime };
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

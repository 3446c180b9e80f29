import { pairwiseSub } from '@boop/identity';
import { opensslArithmetic as arithmetic } from '@boop/platform';
import { BoopError, type Clock, type Rng } from '@boop/shared';
import { prfCombine, prfEvaluate, type PrfInput } from '@boop/threshold';
import { type Gallery } from '../gallery/gallery.ts';
import { type PeerAnswer, type PeerBody } from '../link/peer-methods.ts';
import { clockSkewSeconds } from '../sessions/admission.ts';
import { type MemberVerifier, refuse } from '../sessions/certified.ts';
import { checkMatch } from '../sessions/match-transcript.ts';
import { type Session } from '../sessions/session.ts';
import { byParty } from './decision-service.ts';
import { type KeyRing } from './key-ring.ts';
import { pairwiseInputOf } from './token-message.ts';

/**
 * A node's part in judging whether a match is of the person that the vendor claims. Nodes know no table of pairwise names and can't invert the
 * PRF: they evaluate it for the row that matched and compare. Two rounds; what a node finds is final for the session.
 */
export class SubjectService {
  readonly #input: { gallery: Gallery; ring: KeyRing; members: MemberVerifier; clock: Clock; rng: Rng };

  constructor(input: { gallery: Gallery; ring: KeyRing; members: MemberVerifier; clock: Clock; rng: Rng }) {
    this.#input = input;
  }

  /**
   * First round: a partial of the PRF for the row that the statements prove, whatever policy says of it; one row a session.
   * @throws BoopError `split.invalid-form`, `transcript.*`, `decision.no-claim`, `decision.other-decision`, `context.expired`
   */
  evaluate(session: Session, { verdicts }: PeerBody<'subject.evaluate'>): PeerAnswer<'subject.evaluate'> {
    const { gallery, members, ring, rng, clock } = this.#input;
    this.#claimOf(session);
    session.requireWellFormed();
    if (clock.nowMs() / 1000 > session.context.expiresAt + clockSkewSeconds) throw new BoopError('context.expired', 'the context has expired');
    const { row } = checkMatch(session.view, verdicts, gallery, members, session.splitPassed);
    if ((session.subjectVerdict?.row ?? row) !== row) refuse('decision.other-decision', 'this session has judged another row');
    session.subjectVerdict ??= { row, claimed: undefined };
    return { partial: prfEvaluate(ring.get('prf'), this.#inputOf(session, row), rng, arithmetic) };
  }

  /**
   * Second round: verifies all partials and keeps whether the PRF's output is the name that is claimed.
   * @throws BoopError `decision.no-claim`, `decision.repeated-party`, ThresholdFault `prf.bad-partial`
   */
  judge(session: Session, { partials }: PeerBody<'subject.judge'>): void {
    const subject = this.#claimOf(session);
    const { subjectVerdict: verdict } = session;
    if (!verdict) return refuse('decision.no-claim', 'no row was evaluated for this session');
    const sub = pairwiseSub(prfCombine(this.#input.ring.get('prf').group, this.#inputOf(session, verdict.row), byParty(partials), { arithmetic }));
    session.subjectVerdict = { ...verdict, claimed: sub === subject };
  }

  #claimOf(session: Session): string {
    return session.authentication.subject ?? refuse('decision.no-claim', 'the context claims nobody');
  }

  #inputOf(session: Session, row: number): PrfInput {
    return pairwiseInputOf({ view: session.view, context: session.authentication, subjectId: this.#input.gallery.row(row).subjectId });
  }
}

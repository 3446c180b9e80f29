import { refuse } from './certified.ts';
import { type Session } from './session.ts';

/** What this node itself has found of the person that the vendor claims, once a session. */
export interface SubjectVerdict {
  readonly row: number;
  /** Undefined until the PRF's partials of 2t+1 nodes were seen here. */
  readonly claimed: boolean | undefined;
}

/**
 * Nothing about a row counts as accepted in a session that is about somebody else.
 * @throws BoopError `decision.subject` (peer) when the context claims a person and this node has not found that the row is theirs
 */
export function requireClaimedSubject(session: Session, row: number): void {
  if (!isClaimedSubject(session, row)) refuse('decision.subject', 'the match is not known to be of the person that is claimed');
}

/** Whether the context claims nobody, or this node has found that the row is theirs. */
export const isClaimedSubject = ({ authentication, subjectVerdict }: Session, row: number): boolean =>
  authentication.subject === undefined || (subjectVerdict?.row === row && subjectVerdict.claimed === true);

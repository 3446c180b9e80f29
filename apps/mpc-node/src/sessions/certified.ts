import { coversFamily } from '@boop/mpc';
import { type MatchStatement, statementBytes } from '@boop/protocol';
import { BoopError, fromBase64Url, type PartyId } from '@boop/shared';
import { type CertifiedStatement } from '../link/peer-methods.ts';

/** Verifies Ed25519 signatures of members' node identities, whose keys the manifest names. */
export interface MemberVerifier {
  verify(party: PartyId, bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** A session as this node itself opened it; statements must say the same. */
export interface SessionView {
  readonly networkId: string;
  readonly epoch: number;
  readonly nodes: number;
  readonly threshold: number;
  readonly sessionId: string;
  readonly splitHash: string;
  readonly operatingPoint: string;
  readonly theta: number;
}

export const refuse = (code: string, message: string): never => {
  throw new BoopError(code, message, { kind: 'peer' });
};

/** Whether it is 2t+1 different members of the network in ascending order. */
export function isCommittee(committee: readonly number[], nodes: number, threshold: number): committee is readonly PartyId[] {
  if (committee.length !== 2 * threshold + 1) return false;
  return committee.every((party, at) => party >= 1 && party <= nodes && (at === 0 || party > committee[at - 1]!));
}

/**
 * Checks that a statement is about this very session and that every member of its committee signed it.
 * @throws BoopError `transcript.other-session`, `transcript.malformed-committee`, `transcript.signature`
 */
export function verifyCertified(view: SessionView, { statement, signatures }: CertifiedStatement, members: MemberVerifier): void {
  const same =
    statement.networkId === view.networkId &&
    statement.epoch === view.epoch &&
    statement.sessionId === view.sessionId &&
    statement.splitHash === view.splitHash &&
    statement.operatingPoint === view.operatingPoint &&
    statement.theta === view.theta;
  if (!same) refuse('transcript.other-session', 'a statement is about something else than this session');
  if (!isCommittee(statement.committee, view.nodes, view.threshold)) refuse('transcript.malformed-committee', 'a statement names no committee of this network');
  if (signatures.length !== statement.committee.length) refuse('transcript.signature', 'a statement is not signed by its whole committee');
  const bytes = statementBytes(statement);
  signatures.forEach(({ party, signature }, at) => {
    if (party !== statement.committee[at] || !members.verify(party as PartyId, bytes, fromBase64Url(signature)))
      refuse('transcript.signature', 'a statement is not signed by its whole committee');
  });
}

/**
 * As {@link verifyCertified} for all, which must come from different runs, and per operation from different committees:
 * one decision per committee and operation, or a leader could repeat a run until it likes the result.
 */
export function verifyAllCertified(view: SessionView, verdicts: readonly CertifiedStatement[], members: MemberVerifier): void {
  const runs = new Set(verdicts.map(({ statement }) => statement.runId));
  const decisions = new Set(verdicts.map(({ statement }) => `${statement.operation} ${statement.committee.join()}`));
  if (runs.size !== verdicts.length || decisions.size !== verdicts.length) refuse('transcript.repeated', 'one run or one committee is counted twice');
  for (const verdict of verdicts) verifyCertified(view, verdict, members);
}

/** Whether every set of t nodes is left out together by one of the committees. */
export const confirmedByFamily = (view: SessionView, statements: readonly MatchStatement[]): boolean =>
  coversFamily(
    statements.map(({ committee }) => committee as PartyId[]),
    view.nodes,
    view.threshold,
  );

import { coversFamily } from '@boop/mpc';
import { type MatchStatement } from '@boop/protocol';
import { BoopError, fromBase64Url, type PartyId } from '@boop/shared';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { decidedBytesOf } from '../link/run-transcripts.ts';

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

/** Whether it is the committee itself, or 3t+1 and more nodes in ascending order with the committee among them. */
export function areHolders(holders: readonly number[], committee: readonly number[], nodes: number, threshold: number): holders is readonly PartyId[] {
  if (holders.join() === committee.join()) return true;
  const ascending = holders.every((party, at) => party >= 1 && party <= nodes && (at === 0 || party > holders[at - 1]!));
  return ascending && holders.length >= 3 * threshold + 1 && committee.every((party) => holders.includes(party));
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
  if (!areHolders(statement.holders, statement.committee, view.nodes, view.threshold)) refuse('transcript.malformed-committee', 'a statement names no holders of its masks');
  if (signatures.length !== statement.committee.length) refuse('transcript.signature', 'a statement is not signed by its whole committee');
  const bytesOf = decidedBytesOf(statement);
  signatures.forEach(({ party, signature, transcript }, at) => {
    if (party !== statement.committee[at] || !members.verify(party as PartyId, bytesOf(transcript), fromBase64Url(signature)))
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

/**
 * Whether every set of t nodes is left out together by one of the committees, and all of them have checked their masked scores over 3t+1 or
 * more nodes.
 */
export const confirmedByFamily = (view: SessionView, statements: readonly MatchStatement[]): boolean =>
  statements.every(({ holders }) => holders.length >= 3 * view.threshold + 1) &&
  coversFamily(
    statements.map(({ committee }) => committee as PartyId[]),
    view.nodes,
    view.threshold,
  );

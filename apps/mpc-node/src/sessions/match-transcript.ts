import { type MatchStatement } from '@boop/protocol';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { confirmedByFamily, type MemberVerifier, refuse, type SessionView, verifyAllCertified } from './certified.ts';

/** What a node's own gallery says about a row. */
export interface GalleryView {
  readonly rows: number;
  /** Version of a row, undefined beyond the end. */
  versionOf(row: number): number | undefined;
}

export interface MatchTranscript {
  readonly row: number;
  /** A family of committees confirmed, recomputed here, and this node has seen the split pass its check. */
  readonly verified: boolean;
}

/**
 * What the certified statements of an authentication prove: one identification that named one row and confirmations of that very row, all true;
 * or identifications alone that all named it.
 * @param splitPassed whether this node has itself seen the split pass: what a malformed probe matches means nothing
 * @throws BoopError `transcript.*`
 */
export function checkMatch(view: SessionView, verdicts: readonly CertifiedStatement[], gallery: GalleryView, members: MemberVerifier, splitPassed: boolean): MatchTranscript {
  const { identifications, confirmations } = split(view, verdicts, gallery, members);
  const [row, ...others] = rowsNamed(identifications);
  if (row === undefined || identifications.some(({ decision }) => decision.kind !== 'one')) return refuse('transcript.no-match', 'an identification did not name one row');
  const version = gallery.versionOf(row);
  if (version === undefined || identifications.some(({ galleryRows }) => row >= galleryRows)) return refuse('transcript.unknown-row', 'a statement names a row that this gallery lacks');
  if (others.length > 0 || identifications.some(({ rowVersion }) => rowVersion !== version)) refuse('transcript.other-row', 'an identification is about another row or version');
  for (const statement of confirmations) {
    if (statement.row !== row || statement.rowVersion !== version) refuse('transcript.other-row', 'a confirmation is about another row or version');
    if (statement.decision.kind !== 'bit' || !statement.decision.bit) refuse('transcript.not-confirmed', 'a confirmation did not come out true');
  }
  return { row, verified: splitPassed && confirmedByFamily(view, [...identifications, ...confirmations]) };
}

/**
 * What the certified statements of a refused authentication prove.
 * @returns `no-match` when none or several rows matched, or committees contradict each other; `unverified` when one did but no family confirmed it, or the split was not checked here
 */
export function checkNoAcceptance(view: SessionView, verdicts: readonly CertifiedStatement[], gallery: GalleryView, members: MemberVerifier, splitPassed: boolean): 'no-match' | 'unverified' {
  const { identifications, confirmations } = split(view, verdicts, gallery, members);
  const [row, ...others] = rowsNamed(identifications);
  // Honest committees agree: where one denies what another found, a node lied, and nothing may be accepted.
  const contradicted = others.length > 0 || confirmations.some((statement) => statement.row === row && statement.decision.kind === 'bit' && !statement.decision.bit);
  if (identifications.every(({ decision }) => decision.kind === 'one')) {
    if (contradicted) return 'no-match';
    if (checkMatch(view, verdicts, gallery, members, splitPassed).verified) refuse('transcript.match', 'the statements prove a match');
    return 'unverified';
  }
  if (confirmations.length > 0) refuse('transcript.other-row', 'a confirmation without a candidate');
  return 'no-match';
}

/** Different rows that identifications named. */
const rowsNamed = (identifications: readonly MatchStatement[]): number[] => [...new Set(identifications.flatMap(({ decision }) => (decision.kind === 'one' ? [decision.row] : [])))];

/** Checks signatures and form of the statements of an authentication: one `identify` and any number of `verify`, or `identify` of several committees. */
function split(
  view: SessionView,
  verdicts: readonly CertifiedStatement[],
  gallery: GalleryView,
  members: MemberVerifier,
): { identifications: MatchStatement[]; confirmations: MatchStatement[] } {
  verifyAllCertified(view, verdicts, members);
  const statements = verdicts.map(({ statement }) => statement);
  const identifications = statements.filter(({ operation }) => operation === 'identify');
  const confirmations = statements.filter(({ operation }) => operation === 'verify');
  const inTurn = identifications.length === 1;
  const together = identifications.length > 1 && confirmations.length === 0;
  if (!(inTurn || together) || identifications.length + confirmations.length !== statements.length)
    return refuse('transcript.wrong-operation', 'an authentication has one identification and confirmations of it, or identifications alone');
  if (identifications.some(({ decision }) => decision.kind === 'bit')) refuse('transcript.wrong-operation', 'an identification does not decide a bit');
  if (identifications.some(({ galleryRows }) => galleryRows > gallery.rows)) refuse('transcript.unknown-row', 'a statement covers rows that this gallery lacks');
  return { identifications, confirmations };
}

/**
 * Checks a candidate before a confirmation runs: a full committee of this session named exactly this row.
 * @throws BoopError `transcript.*`
 */
export function checkBasis(view: SessionView, basis: CertifiedStatement | undefined, row: number, members: MemberVerifier): void {
  if (!basis) return refuse('transcript.no-basis', 'a confirmation needs the identification that named the row');
  verifyAllCertified(view, [basis], members);
  const { operation, decision } = basis.statement;
  if (operation !== 'identify' || decision.kind !== 'one' || decision.row !== row) refuse('transcript.other-row', 'the identification did not name this row');
}

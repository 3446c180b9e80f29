import { BoopError } from '@boop/shared';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { confirmedByFamily, type MemberVerifier, refuse, type SessionView, verifyAllCertified } from './certified.ts';

/**
 * What the certified statements of a registration prove: the samples agree and no row matches, each said by the same
 * family of committees about exactly the rows that this node has.
 * @returns whether the family leaves out every set of t nodes; where N ≥ 3t+1 it must
 * @throws BoopError `registration.samples-disagree`, `registration.duplicate`, `transcript.*`
 */
export function checkRegistration(view: SessionView, verdicts: readonly CertifiedStatement[], galleryRows: number, members: MemberVerifier): { verified: boolean } {
  verifyAllCertified(view, verdicts, members);
  const statements = verdicts.map(({ statement }) => statement);
  const agreements = statements.filter(({ operation }) => operation === 'agree');
  const searches = statements.filter(({ operation }) => operation === 'de-duplicate');
  if (agreements.length + searches.length !== statements.length || agreements.length === 0 || searches.length === 0)
    refuse('transcript.wrong-operation', 'a registration has agreements of samples and searches for duplicates');
  if (searches.some((statement) => statement.galleryRows !== galleryRows)) refuse('transcript.other-gallery', 'a search did not cover exactly the rows of this gallery');
  for (const { decision } of statements) if (decision.kind !== 'bit') refuse('transcript.wrong-operation', 'a registration decides bits');
  if (agreements.some(({ decision }) => decision.kind === 'bit' && !decision.bit)) throw samplesDisagree();
  if (searches.some(({ decision }) => decision.kind === 'bit' && decision.bit)) throw duplicate();
  const verified = confirmedByFamily(view, agreements) && confirmedByFamily(view, searches);
  if (!verified && view.nodes >= 3 * view.threshold + 1) refuse('transcript.not-covered', 'the committees do not leave out every set of t nodes');
  return { verified };
}

export const samplesDisagree = (): BoopError => new BoopError('registration.samples-disagree', 'the samples are not of the same palm');
export const duplicate = (): BoopError => new BoopError('registration.duplicate', 'this palm is registered already');

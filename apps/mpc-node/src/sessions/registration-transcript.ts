import { BoopError } from '@boop/shared';
import { type CertifiedStatement } from '../link/peer-methods.ts';
import { confirmedByFamily, type MemberVerifier, refuse, type SessionView, verifyAllCertified } from './certified.ts';

/**
 * What the certified statements of a registration prove: the samples agree and no row matches, each said by the same
 * family of committees about exactly the rows that this node has. Of one that replaces another: the palms are those of that one, and no
 * other row matches.
 * @param input.renews the registration that this node's session is to replace, by the hash of its split
 * @returns whether the family leaves out every set of t nodes; where N ≥ 3t+1 it must
 * @throws BoopError `registration.samples-disagree`, `registration.not-recognised`, `registration.duplicate`, `transcript.*`
 */
export function checkRegistration(view: SessionView, verdicts: readonly CertifiedStatement[], { galleryRows, renews }: { galleryRows: number; renews: string | undefined }, members: MemberVerifier): { verified: boolean } {
  verifyAllCertified(view, verdicts, members);
  const statements = verdicts.map(({ statement }) => statement);
  const agreements = statements.filter(({ operation }) => operation === 'agree');
  const recognitions = statements.filter(({ operation }) => operation === 'recognise');
  const searches = statements.filter(({ operation }) => operation === 'de-duplicate');
  const complete = agreements.length > 0 && searches.length > 0 && (recognitions.length > 0) === (renews !== undefined);
  if (!complete || agreements.length + recognitions.length + searches.length !== statements.length)
    refuse('transcript.wrong-operation', 'a registration has agreements of samples and searches for duplicates, and recognitions where it replaces another');
  if ([...recognitions, ...searches].some((statement) => statement.renews !== renews)) refuse('transcript.other-registration', 'the session is to replace another registration');
  if (searches.some((statement) => statement.galleryRows !== galleryRows)) refuse('transcript.other-gallery', 'a search did not cover exactly the rows of this gallery');
  for (const { decision } of statements) if (decision.kind !== 'bit') refuse('transcript.wrong-operation', 'a registration decides bits');
  if (agreements.some(({ decision }) => decision.kind === 'bit' && !decision.bit)) throw samplesDisagree();
  if (recognitions.some(({ decision }) => decision.kind === 'bit' && !decision.bit)) throw notRecognised();
  if (searches.some(({ decision }) => decision.kind === 'bit' && decision.bit)) throw duplicate();
  const verified = [agreements, searches, ...(renews === undefined ? [] : [recognitions])].every((family) => confirmedByFamily(view, family));
  if (!verified && view.nodes >= 3 * view.threshold + 1) refuse('transcript.not-covered', 'the committees do not leave out every set of t nodes');
  return { verified };
}

export const samplesDisagree = (): BoopError => new BoopError('registration.samples-disagree', 'the samples are not of the same palm');
export const notRecognised = (): BoopError => new BoopError('registration.not-recognised', 'the palms are not those that are registered');
export const duplicate = (): BoopError => new BoopError('registration.duplicate', 'this palm is registered already');

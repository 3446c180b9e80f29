import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { approvalsNeeded, checkSuccession, isValidVote, manifestProposalSchema, manifestVoteSchema } from './governance.ts';
import { checkEpochCertificate, epochCertificateSchema } from './governance-certificate.ts';
import { manifestDigest, type NetworkManifest } from './manifest.ts';

/**
 * One manifest of a network with what makes it one: the approvals of enough members of the epoch before, and the word of all its own members that they hold
 * their shares. The first manifest is approved by all its members and has no certificate.
 */
export const manifestLinkSchema = z.strictObject({
  proposal: manifestProposalSchema,
  approvals: z.array(manifestVoteSchema).min(1).max(7),
  certificate: epochCertificateSchema.optional(),
});
export type ManifestLink = z.infer<typeof manifestLinkSchema>;

/** Links that one answer carries at most. */
export const manifestLinksMax = 16;
/** Successive links from some epoch on. */
export const manifestChainSchema = z.strictObject({ links: z.array(manifestLinkSchema).max(manifestLinksMax) });

/**
 * The manifest of a link whose custodians are in force.
 * @param inForce the manifest before it, as the verifier already trusts it; its digest is not compared when `digest` is null, for verifiers who know
 * the members' keys only
 * @throws BoopError `manifest.unlinked`, `manifest.unapproved`, `epoch.certificate`
 */
export function verifyManifestLink({ proposal, approvals, certificate }: ManifestLink, inForce: { manifest: NetworkManifest; digest?: string | null }): NetworkManifest {
  const { manifest } = proposal;
  const before = inForce.manifest;
  checkSuccession(proposal, { manifest: before, digest: inForce.digest === undefined ? manifestDigest(before) : inForce.digest });
  checkApprovals({ proposal, approvals }, before);
  if (!certificate) throw new BoopError('epoch.certificate', 'not every member has said that it is ready', { kind: 'peer' });
  checkEpochCertificate(certificate, manifest);
  return manifest;
}

/** A network's first manifest. @throws BoopError `manifest.unlinked`, `manifest.unapproved` */
export function verifyFirstManifest({ proposal, approvals, certificate }: ManifestLink): NetworkManifest {
  if (proposal.previous !== null || certificate) throw new BoopError('manifest.unlinked', 'not the first manifest of a network', { kind: 'peer' });
  checkApprovals({ proposal, approvals }, proposal.manifest);
  return proposal.manifest;
}

/** All manifests from the one in force on, in order. @throws BoopError as of {@link verifyManifestLink}, for the first link that does not hold */
export function followManifests(inForce: NetworkManifest, links: readonly ManifestLink[]): NetworkManifest[] {
  const manifests: NetworkManifest[] = [];
  for (const link of links) manifests.push(verifyManifestLink(link, { manifest: manifests.at(-1) ?? inForce }));
  return manifests;
}

function checkApprovals({ proposal, approvals }: Pick<ManifestLink, 'proposal' | 'approvals'>, voters: NetworkManifest): void {
  const parties = new Set(approvals.filter((vote) => vote.decision === 'approve' && isValidVote(proposal, vote, voters)).map(({ party }) => party));
  if (parties.size !== approvals.length || parties.size < approvalsNeeded(proposal, voters)) throw new BoopError('manifest.unapproved', 'too few custodians have approved the manifest', { kind: 'peer' });
}

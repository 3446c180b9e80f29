import { sha256 } from '@noble/hashes/sha2.js';
import { bytesField, idField, secondsField, verifySignature } from '@boop/identity';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { type LogEntry, logEntryBytes } from './log-entries.ts';
import { manifestDigest, networkManifestSchema, type NetworkManifest } from './manifest.ts';

export const manifestVoteDomain = 'boop-manifest-vote/1';

/**
 * A manifest that is to take the place of another one. The custodians of the present epoch decide on it by their nodes' identity keys; the first manifest of a
 * network, which follows none, needs the word of them all.
 */
export const manifestProposalSchema = z
  .strictObject({
    v: z.literal(1),
    networkId: idField,
    /** Digest of the manifest in force; null for the first one. */
    previous: bytesField(32).nullable(),
    manifest: networkManifestSchema,
    /** When it was proposed and until when it can be executed; absent where custodians agreed outside of the network. */
    window: z.strictObject({ from: secondsField, until: secondsField }).optional(),
  })
  .superRefine(({ networkId, manifest, window }, context) => {
    if (manifest.networkId !== networkId) context.addIssue({ code: 'custom', message: 'the manifest is of another network' });
    if (window && window.until <= window.from) context.addIssue({ code: 'custom', message: 'it expires before it begins' });
  });
export type ManifestProposal = z.infer<typeof manifestProposalSchema>;

export const manifestDecisionSchema = z.enum(['approve', 'reject']);
export type ManifestDecision = z.infer<typeof manifestDecisionSchema>;
/** What one custodian says to a proposal. */
export const manifestVoteSchema = z.strictObject({ party: z.number().int().min(1).max(255), decision: manifestDecisionSchema, time: secondsField, signature: bytesField(64) });
export type ManifestVote = z.infer<typeof manifestVoteSchema>;

export const proposalStateSchema = z.enum(['open', 'approved', 'rejected', 'expired', 'executed']);
export type ProposalState = z.infer<typeof proposalStateSchema>;

/** @throws BoopError `proposal.malformed`, naming the path of each problem */
export function parseManifestProposal(value: unknown): ManifestProposal {
  const parsed = manifestProposalSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'proposal'}: ${message}`);
  throw new BoopError('proposal.malformed', problems.join('; '));
}

/** Names a proposal: SHA-256 of its canonical JSON, base64url. */
export const proposalDigest = (proposal: ManifestProposal): string => toBase64Url(sha256(canonicalJson(proposal)));

/** Canonical bytes that a vote signs under the domain {@link manifestVoteDomain}: network, proposal, party, decision and time. */
export function manifestVoteBytes(proposal: ManifestProposal, { party, decision, time }: Omit<ManifestVote, 'signature'>): Uint8Array {
  return canonicalJson({ v: 1, networkId: proposal.networkId, proposal: proposalDigest(proposal), party, decision, time });
}

/** Whether a member of `voters` (the manifest in force, or for a first manifest that manifest itself) has signed this vote on this proposal. */
export function isValidVote(proposal: ManifestProposal, vote: ManifestVote, voters: NetworkManifest): boolean {
  const member = voters.members[vote.party - 1];
  return member !== undefined && verifySignature(manifestVoteDomain, manifestVoteBytes(proposal, vote), vote.signature, member.identityKey);
}

/**
 * Refuses a manifest that can't follow the one in force, whoever approves it: the log goes on under its name, and a network does not become one for tests, in
 * which a jurisdiction may have two members.
 * @param inForce.digest null for a verifier who knows the members' keys only
 * @throws BoopError `manifest.unlinked`
 */
export function checkSuccession({ previous, manifest }: ManifestProposal, inForce: { manifest: NetworkManifest; digest: string | null }): void {
  const before = inForce.manifest;
  const follows = previous !== null && (inForce.digest === null || previous === inForce.digest) && manifest.networkId === before.networkId && manifest.epoch === before.epoch + 1;
  if (!follows || manifest.logOrigin !== before.logOrigin || manifest.testNetwork !== before.testNetwork) throw new BoopError('manifest.unlinked', 'the manifest does not follow the one in force', { kind: 'peer' });
}

/** Members who have to approve: 2t+1 of those in force, so that t lying ones and t that are down decide nothing; all for a first manifest. */
export function approvalsNeeded({ previous }: Pick<ManifestProposal, 'previous'>, { members, threshold }: NetworkManifest): number {
  return previous === null ? members.length : 2 * threshold + 1;
}

/** Parties by what they said. Whoever has signed an approval has approved, whatever else was said: approvals can't be taken back. */
export function countVotes(votes: readonly ManifestVote[]): { approvals: number[]; rejections: number[] } {
  const of = (decision: ManifestVote['decision']): number[] => [...new Set(votes.filter((vote) => vote.decision === decision).map(({ party }) => party))].sort((a, b) => a - b);
  const approvals = of('approve');
  return { approvals, rejections: of('reject').filter((party) => !approvals.includes(party)) };
}

/**
 * Where a proposal stands.
 * @param votes valid ones, as of {@link isValidVote}
 * @param inForce.manifest in whose epoch the proposal was made; `digest` of the one in force now
 */
export function proposalState(proposal: ManifestProposal, votes: readonly ManifestVote[], inForce: { manifest: NetworkManifest; digest: string; executed: boolean }, nowSeconds: number): ProposalState {
  if (inForce.executed) return 'executed';
  if (proposal.previous !== inForce.digest || (proposal.window && nowSeconds >= proposal.window.until)) return 'expired';
  const { approvals, rejections } = countVotes(votes);
  const needed = approvalsNeeded(proposal, inForce.manifest);
  if (approvals.length >= needed) return 'approved';
  return rejections.length > inForce.manifest.members.length - needed ? 'rejected' : 'open';
}

/** The log's entry of a proposal; none of one that was agreed on outside of the network. */
export function proposalEntry(proposal: ManifestProposal): Uint8Array | undefined {
  const { networkId, manifest, window } = proposal;
  if (!window || manifest.epoch < 2) return undefined;
  const entry: LogEntry = { v: 1, networkId, epoch: manifest.epoch - 1, time: window.from, kind: 'manifest-proposal', proposal: proposalDigest(proposal), manifest: manifestDigest(manifest), to: manifest.epoch };
  return logEntryBytes(entry);
}

/** The log's entry of a custodian's decision. */
export function voteEntry(proposal: ManifestProposal, { party, decision, time }: ManifestVote): Uint8Array | undefined {
  const { networkId, manifest } = proposal;
  if (manifest.epoch < 2) return undefined;
  const entry: LogEntry = { v: 1, networkId, epoch: manifest.epoch - 1, time, kind: 'manifest-vote', proposal: proposalDigest(proposal), party, decision };
  return logEntryBytes(entry);
}

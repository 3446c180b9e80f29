import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { toBase64Url } from '@boop/shared';
import { countVotes, followManifests, isValidVote, type ManifestDecision, manifestDigest, type ManifestLink, type ManifestProposal, manifestVoteBytes, manifestVoteDomain, type ManifestVote, type NetworkManifest, epochReadinessBytes, epochReadinessDomain, type EpochReadiness, parseLogEntry, parseManifest, parseManifestProposal, proposalDigest, proposalEntry, proposalState, verifyFirstManifest, verifyManifestLink, voteEntry } from './index.ts';

const rng = { bytes: (count: number) => new Uint8Array(randomBytes(count)) };
const keys = Array.from({ length: 7 }, () => SigningKey.generate(rng));
const hash = () => toBase64Url(rng.bytes(32));
const hpkeKeys = keys.map(hash);

function manifestOf(epoch: number, signers: readonly SigningKey[], threshold = 1): NetworkManifest {
  return parseManifest({
    v: 1,
    networkId: 'net',
    testNetwork: false,
    epoch,
    threshold,
    members: signers.map(({ publicKey }, at) => ({ party: at + 1, name: `node-${at + 1}`, jurisdiction: ['CH', 'DE', 'EE', 'FI', 'IS', 'NL', 'NO'][at], identityKey: publicKey, hpkeKey: hpkeKeys[at], host: '127.0.0.1', linkPort: 1_000 + at })),
    logOrigin: 'log.example/net',
    operatingPoints: [{ id: 'p', encoder: 'e', falseMatchRate: 1e-6, theta: 1 }],
    defaultOperatingPoint: 'p',
    consentTexts: [{ version: '1', locale: 'en', title: 't', text: 't' }],
  });
}

const five = keys.slice(0, 5);
const first = manifestOf(1, five);
const second = manifestOf(2, keys, 2);
const firstProposal: ManifestProposal = { v: 1, networkId: 'net', previous: null, manifest: first };
const proposal: ManifestProposal = { v: 1, networkId: 'net', previous: manifestDigest(first), manifest: second, window: { from: 1_000, until: 2_000 } };

function voteOf(of: ManifestProposal, party: number, decision: ManifestDecision = 'approve', signer = keys[party - 1]!): ManifestVote {
  const vote = { party, decision, time: 1_001 };
  return { ...vote, signature: signer.sign(manifestVoteDomain, manifestVoteBytes(of, vote)) };
}
const approvalsOf = (of: ManifestProposal, parties: readonly number[]): ManifestVote[] => parties.map((party) => voteOf(of, party));

function certificateOf(manifest: NetworkManifest, signers: readonly SigningKey[]): NonNullable<ManifestLink['certificate']> {
  const readiness: EpochReadiness = { v: 1, networkId: 'net', from: manifest.epoch - 1, to: manifest.epoch, manifest: manifestDigest(manifest), attempt: toBase64Url(rng.bytes(16)), head: { rows: 0, digest: hash() }, keys: hash(), time: 1_500 };
  return { readiness, signatures: signers.map((signer, at) => ({ party: at + 1, signature: signer.sign(epochReadinessDomain, epochReadinessBytes(readiness)) })) };
}
const link: ManifestLink = { proposal, approvals: approvalsOf(proposal, [1, 3, 5]), certificate: certificateOf(second, keys) };

describe('a chain of manifests', () => {
  test('begins with a manifest that all its members approved', () => {
    expect(verifyFirstManifest({ proposal: firstProposal, approvals: approvalsOf(firstProposal, [1, 2, 3, 4, 5]) })).toEqual(first);
    expect(() => verifyFirstManifest({ proposal: firstProposal, approvals: approvalsOf(firstProposal, [1, 2, 3, 4]) })).toThrow(expect.objectContaining({ code: 'manifest.unapproved' }));
    expect(() => verifyFirstManifest(link)).toThrow(expect.objectContaining({ code: 'manifest.unlinked' }));
  });

  test('goes on with manifests that 2t+1 members in force approved and all new ones are ready for', () => {
    const back: ManifestProposal = { v: 1, networkId: 'net', previous: manifestDigest(second), manifest: manifestOf(3, five) };
    const third: ManifestLink = { proposal: back, approvals: approvalsOf(back, [2, 3, 4, 6, 7]), certificate: certificateOf(back.manifest, five) };
    expect(followManifests(first, [link, third]).map(({ epoch }) => epoch)).toEqual([2, 3]);
    expect(() => followManifests(first, [third])).toThrow(expect.objectContaining({ code: 'manifest.unlinked' }));
    // 2t+1 counts by the threshold in force, not by the one to come.
    expect(() => followManifests(first, [link, { ...third, approvals: approvalsOf(back, [2, 3, 4]) }])).toThrow(expect.objectContaining({ code: 'manifest.unapproved' }));
  });

  test.each<[string, string, ManifestLink]>([
    ['too few approvals', 'manifest.unapproved', { ...link, approvals: approvalsOf(proposal, [1, 3]) }],
    ['one approval twice', 'manifest.unapproved', { ...link, approvals: approvalsOf(proposal, [1, 3, 3]) }],
    ['an approval by somebody who is no member yet', 'manifest.unapproved', { ...link, approvals: approvalsOf(proposal, [1, 3, 6]) }],
    ['a rejection among the approvals', 'manifest.unapproved', { ...link, approvals: [...approvalsOf(proposal, [1, 3]), voteOf(proposal, 5, 'reject')] }],
    ['approvals of another window', 'manifest.unapproved', { ...link, proposal: { ...proposal, window: { from: 1_000, until: 3_000 } } }],
    ['approvals of another manifest', 'manifest.unapproved', { ...link, proposal: { ...proposal, manifest: { ...second, members: second.members.map((member) => ({ ...member, linkPort: 9 })) } } }],
    ['no certificate', 'epoch.certificate', { proposal, approvals: link.approvals }],
    ['a certificate that a member did not sign', 'epoch.certificate', { ...link, certificate: certificateOf(second, [...keys.slice(0, 6), keys[0]!]) }],
    ['a certificate for another manifest', 'epoch.certificate', { ...link, certificate: certificateOf({ ...second, threshold: 3 }, keys) }],
  ])('refuses %s', (_what, code, altered) => {
    expect(() => verifyManifestLink(altered, { manifest: first })).toThrow(expect.objectContaining({ code }));
  });

  test.each<[string, Partial<NetworkManifest>]>([
    ['the epoch after the next', { epoch: 3 }],
    ['another log', { logOrigin: 'log.example/other' }],
    ['a network for tests', { testNetwork: true }],
  ])('refuses %s, whoever approves it', (_what, change) => {
    const manifest = { ...second, ...change };
    const other: ManifestProposal = { ...proposal, manifest };
    expect(() => verifyManifestLink({ proposal: other, approvals: approvalsOf(other, [1, 2, 3]), certificate: certificateOf(manifest, keys) }, { manifest: first })).toThrow(expect.objectContaining({ code: 'manifest.unlinked' }));
  });

  test('is checked by the keys alone where no digest is known', () => {
    const renamed = { ...first, members: first.members.map((member) => ({ ...member, host: 'elsewhere' })) };
    expect(() => verifyManifestLink(link, { manifest: renamed })).toThrow(expect.objectContaining({ code: 'manifest.unlinked' }));
    expect(verifyManifestLink(link, { manifest: renamed, digest: null })).toEqual(second);
  });
});

describe('a proposal', () => {
  const inForce = { manifest: first, digest: manifestDigest(first), executed: false };
  const stateAt = (votes: readonly ManifestVote[], now = 1_500, change: Partial<typeof inForce> = {}) => proposalState(proposal, votes, { ...inForce, ...change }, now);

  test('is approved by three of five, rejected when three can no more come together, expired with its time', () => {
    expect(stateAt(approvalsOf(proposal, [1, 2]))).toBe('open');
    expect(stateAt(approvalsOf(proposal, [1, 2, 4]))).toBe('approved');
    expect(stateAt([voteOf(proposal, 1, 'reject'), voteOf(proposal, 2, 'reject')])).toBe('open');
    expect(stateAt([1, 2, 3].map((party) => voteOf(proposal, party, 'reject')))).toBe('rejected');
    expect(stateAt(approvalsOf(proposal, [1, 2, 4]), 2_000)).toBe('expired');
    expect(stateAt(approvalsOf(proposal, [1, 2, 4]), 1_500, { digest: hash() })).toBe('expired');
    expect(stateAt(approvalsOf(proposal, [1, 2, 4]), 2_000, { executed: true })).toBe('executed');
  });

  test('counts each party once, and an approval against a rejection of the same party', () => {
    expect(countVotes([voteOf(proposal, 2), voteOf(proposal, 2, 'reject'), voteOf(proposal, 2), voteOf(proposal, 4, 'reject')])).toEqual({ approvals: [2], rejections: [4] });
  });

  test('takes votes of members in force only, on these very bytes', () => {
    const vote = voteOf(proposal, 2);
    expect(isValidVote(proposal, vote, first)).toBe(true);
    expect(isValidVote({ ...proposal, previous: hash() }, vote, first)).toBe(false);
    for (const altered of [{ ...vote, party: 3 }, { ...vote, decision: 'reject' as const }, { ...vote, time: 1_002 }, voteOf(proposal, 6), voteOf(proposal, 2, 'approve', keys[2])]) expect(isValidVote(proposal, altered, first)).toBe(false);
  });

  test('is refused when malformed, with two members in one jurisdiction, or of another network', () => {
    expect(parseManifestProposal(structuredClone(proposal))).toEqual(proposal);
    const together = { ...second, members: second.members.map((member) => ({ ...member, jurisdiction: 'CH' })) };
    for (const wrong of [{ ...proposal, manifest: together }, { ...proposal, networkId: 'other' }, { ...proposal, window: { from: 5, until: 5 } }, { ...proposal, extra: 1 }, { ...proposal, previous: 'x' }, null])
      expect(() => parseManifestProposal(wrong)).toThrow(expect.objectContaining({ code: 'proposal.malformed' }));
    expect(() => parseManifestProposal({ ...proposal, manifest: together })).toThrow(/two members in one jurisdiction/);
  });

  test('and each decision on it are entries of the log, the same at all nodes', () => {
    expect(parseLogEntry(proposalEntry(proposal)!)).toEqual({ v: 1, networkId: 'net', epoch: 1, time: 1_000, kind: 'manifest-proposal', proposal: proposalDigest(proposal), manifest: manifestDigest(second), to: 2 });
    expect(parseLogEntry(voteEntry(proposal, voteOf(proposal, 4, 'reject'))!)).toMatchObject({ kind: 'manifest-vote', epoch: 1, time: 1_001, proposal: proposalDigest(proposal), party: 4, decision: 'reject' });
    expect([proposalEntry(firstProposal), voteEntry(firstProposal, voteOf(firstProposal, 1))]).toEqual([undefined, undefined]);
  });
});

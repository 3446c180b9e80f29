import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SigningKey } from '@boop/identity';
import { epochReadinessBytes, epochReadinessDomain, type EpochReadiness, manifestDigest, type ManifestLink, type ManifestProposal, manifestVoteBytes, manifestVoteDomain, type NetworkManifest, parseManifest } from '@boop/protocol';
import { BoopError, toBase64Url } from '@boop/shared';
import { silentLogger } from '../logging/logger.ts';
import { systemRng as rng } from '../system.ts';
import { ManifestFollower, type ManifestSource } from './manifest-follower.ts';

const hash = (): string => toBase64Url(rng.bytes(32));
const keys = [1, 2, 3].map(() => SigningKey.generate(rng));
const [first, second, third, elsewhere] = ((): NetworkManifest[] => {
  const manifest = parseManifest({
    v: 1,
    networkId: 'net',
    testNetwork: true,
    epoch: 1,
    threshold: 1,
    members: keys.map(({ publicKey }, at) => ({ party: at + 1, name: `node-${at + 1}`, jurisdiction: 'CH', identityKey: publicKey, hpkeKey: hash(), host: '127.0.0.1', linkPort: 1_000 + at })),
    logOrigin: 'log.example/net',
    operatingPoints: [{ id: 'p', encoder: 'e', falseMatchRate: 1e-6, theta: 1 }],
    defaultOperatingPoint: 'p',
    consentTexts: [{ version: '1', locale: 'en', title: 't', text: 't' }],
  });
  const moved = (from: NetworkManifest, linkPort: number): NetworkManifest => ({ ...from, epoch: from.epoch + 1, members: from.members.map((member) => (member.party === 1 ? { ...member, linkPort } : member)) });
  const next = moved(manifest, 2_000);
  return [manifest, next, moved(next, 3_000), moved(manifest, 4_000)];
})() as [NetworkManifest, NetworkManifest, NetworkManifest, NetworkManifest];

function linkTo(manifest: NetworkManifest, previous: NetworkManifest, approving = 3): ManifestLink {
  const proposal: ManifestProposal = { v: 1, networkId: 'net', previous: manifestDigest(previous), manifest };
  const approvals = keys.slice(0, approving).map((key, at) => {
    const vote = { party: at + 1, decision: 'approve' as const, time: 1_001 };
    return { ...vote, signature: key.sign(manifestVoteDomain, manifestVoteBytes(proposal, vote)) };
  });
  const readiness: EpochReadiness = { v: 1, networkId: 'net', from: previous.epoch, to: manifest.epoch, manifest: manifestDigest(manifest), attempt: toBase64Url(rng.bytes(16)), head: { rows: 0, digest: hash() }, keys: hash(), time: 1_500 };
  return { proposal, approvals, certificate: { readiness, signatures: keys.map((key, at) => ({ party: at + 1, signature: key.sign(epochReadinessDomain, epochReadinessBytes(readiness)) })) } };
}
const links = [linkTo(second, first), linkTo(third, second)];

let dir: string;
let file: string;
const follow = (started = first): ManifestFollower => new ManifestFollower({ started, file, log: silentLogger });
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boop-follow-'));
  file = join(dir, 'manifests.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('whoever follows manifests', () => {
  test('takes each link once, says so, and shows the manifest in force through one view', () => {
    const follower = follow();
    const changes: number[] = [];
    follower.on('change', ({ epoch }) => changes.push(epoch));
    const { view } = follower;
    expect(view.members[0]!.linkPort).toBe(1_000);
    follower.take(links.slice(0, 1));
    follower.take(links);
    follower.take(links);
    expect(changes).toEqual([2, 3]);
    expect([view.epoch, view.members[0]!.linkPort]).toEqual([3, 3_000]);
    expect([1, 2, 3, 4].map((epoch) => follower.at(epoch)?.epoch)).toEqual([1, 2, 3, undefined]);
    expect(follower.links(3)).toEqual(links.slice(1));
  });

  test('keeps what came before a link that does not hold', () => {
    const follower = follow();
    expect(() => follower.take([links[0]!, linkTo(third, second, 2)])).toThrow(expect.objectContaining({ code: 'manifest.unapproved' }));
    expect(follower.current).toEqual(second);
    rmSync(file);
    expect(() => follow().take(links.slice(1))).toThrow(expect.objectContaining({ code: 'manifest.unlinked' }));
  });

  test('begins at the next start where it was, also from a newer manifest, and anew from another one', () => {
    follow().take(links);
    expect(follow().current).toEqual(third);
    expect(follow(second).current).toEqual(third);
    expect(follow(second).links(1)).toEqual(links.slice(1));
    expect(follow(elsewhere).current).toEqual(elsewhere);
    const stored = JSON.parse(readFileSync(file, 'utf8')) as ManifestLink[];
    writeFileSync(file, JSON.stringify([{ ...stored[0]!, approvals: stored[0]!.approvals.slice(1) }]));
    expect(() => follow()).toThrow(expect.objectContaining({ code: 'config.unreadable' }));
    writeFileSync(file, '[');
    expect(() => follow()).toThrow(expect.objectContaining({ code: 'config.unreadable' }));
  });

  test('asks those that are connected in turn, and bears one that says nothing or nonsense', async () => {
    const asked: string[] = [];
    const source = (name: string, connected: boolean, answer: () => unknown): ManifestSource => ({
      connected,
      async request(method, body) {
        asked.push(`${name} ${method} ${JSON.stringify(body)}`);
        return await Promise.resolve(answer());
      },
    });
    const failing = (): never => {
      throw new BoopError('link.timeout', 'no answer', { kind: 'unavailable' });
    };
    const follower = follow();
    const sources = [source('down', false, failing), source('silent', true, failing), source('liar', true, () => ({ links: [linkTo(second, first, 2)] })), source('mad', true, () => 'what?'), source('good', true, () => ({ links }))];
    for (let turn = 0; turn < 4; turn++) await follower.ask(sources);
    expect(asked.map((line) => line.split(' ')[0]).sort()).toEqual(['good', 'liar', 'mad', 'silent']);
    expect(follower.current).toEqual(third);
    asked.length = 0;
    await follower.ask(sources);
    expect(asked[0]).toMatch(/manifest\.chain \{"from":4\}$/);
  });
});

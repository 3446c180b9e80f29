import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { separated, SigningKey } from '@boop/identity';
import { systemRng as rng } from '@boop/platform';
import { epochReadinessBytes, epochReadinessDomain, type EpochReadiness, manifestDigest, type ManifestLink, type ManifestProposal, manifestVoteBytes, manifestVoteDomain, type NetworkManifest, parseManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { parse } from 'yaml';
import { checkFingerprint } from '../network/governance-commands.ts';
import { firstManifest, fingerprintOf } from './first-manifest.ts';
import { initNode } from './init.ts';
import { joinRunning, type JoinRunningOptions } from './join-running.ts';
import { linkSource } from './manifest-links.ts';
import { type MemberDescriptor } from './member-descriptor.ts';
import { withMembers, withoutMember } from './next-manifest.ts';
import { NodeFolder } from './node-folder.ts';
import { nodeStatus } from './status.ts';

/** Links are verified by the hundred signatures, on machines that may be busy. */
const testTimeoutMs = 60_000;
const hash = (): string => toBase64Url(rng.bytes(32));
const jurisdictions = ['CH', 'DE', 'EE', 'FI', 'IS'];
const keys = jurisdictions.map(() => SigningKey.generate(rng));
const descriptors = jurisdictions.map((jurisdiction, at): MemberDescriptor => ({ v: 1, name: `node-${at + 1}`, jurisdiction, identityKey: keys[at]!.publicKey, hpkeKey: hash(), host: `node-${at + 1}.example`, linkPort: 40_411 }));
const first = firstManifest(descriptors, { threshold: 1, testNetwork: false });
/** Epochs 1 to 18, one more than one answer leads to, with fresh HPKE keys of the first member in each. */
const manifests: NetworkManifest[] = [first];
const links: ManifestLink[] = [];

function linkTo(manifest: NetworkManifest, previous: NetworkManifest, approving = 3, third = (bytes: Uint8Array): string => keys[2]!.sign(epochReadinessDomain, bytes)): ManifestLink {
  const proposal: ManifestProposal = { v: 1, networkId: first.networkId, previous: manifestDigest(previous), manifest };
  const approvals = keys.slice(0, approving).map((key, at) => {
    const vote = { party: at + 1, decision: 'approve' as const, time: 1_001 };
    return { ...vote, signature: key.sign(manifestVoteDomain, manifestVoteBytes(proposal, vote)) };
  });
  const readiness: EpochReadiness = { v: 1, networkId: first.networkId, from: previous.epoch, to: manifest.epoch, manifest: manifestDigest(manifest), attempt: toBase64Url(rng.bytes(16)), head: { rows: 0, digest: hash() }, keys: hash(), time: 1_500 };
  return { proposal, approvals, certificate: { readiness, signatures: keys.map((key, at) => ({ party: at + 1, signature: at === 2 ? third(epochReadinessBytes(readiness)) : key.sign(epochReadinessDomain, epochReadinessBytes(readiness)) })) } };
}

let root: string;
/** A node's folder right after `init`, and copies of it. */
let made: string;
let own: MemberDescriptor;
let dir: string;
let network: string;
let gateway: Server;
let gatewayUrl: string;
let told: readonly ManifestLink[];
let resets: number;

beforeAll(async () => {
  while (manifests.length < 18) {
    const before = manifests.at(-1)!;
    const next = parseManifest({ ...before, epoch: before.epoch + 1, members: before.members.map((member) => (member.party === 1 ? { ...member, hpkeKey: hash() } : member)) });
    links.push(linkTo(next, before));
    manifests.push(next);
  }
  root = mkdtempSync(join(tmpdir(), 'boop-standby-'));
  made = join(root, 'made');
  const address = (port: number) => ({ host: '127.0.0.1', port });
  own = (await initNode(made, { name: 'standby', jurisdiction: 'PT', link: address(40_481), listen: '127.0.0.1', health: address(1), metrics: address(40_483), databasePort: 40_484 }, { kind: 'file' })).descriptor;
  network = join(root, 'network.json');
  gateway = createServer((request, response) => {
    if (resets-- > 0) return void request.socket.destroy();
    response.setHeader('connection', 'close');
    const from = Number(new URL(request.url!, gatewayUrl).searchParams.get('from'));
    response.end(JSON.stringify({ links: told.filter(({ proposal }) => proposal.manifest.epoch >= from).slice(0, 16) }));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  gatewayUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
}, testTimeoutMs);
afterAll(async () => {
  await new Promise((resolve) => gateway.close(resolve));
  rmSync(root, { recursive: true, force: true });
});

beforeEach(() => {
  dir = mkdtempSync(join(root, 'node-'));
  cpSync(made, dir, { recursive: true });
  writeFileSync(network, JSON.stringify(first));
  told = links;
  resets = 0;
});

const options = (altered: Partial<JoinRunningOptions> = {}): JoinRunningOptions => ({ manifestFile: network, confirm: async () => fingerprintOf(first), inPlaceOf: 'node-3', ...altered });

describe('a standby that joins a network that runs', () => {
  test('takes the place of a member in the manifest after the one in force, however many came in between', async () => {
    const plan = await joinRunning(dir, options({ links: linkSource(gatewayUrl) }));
    expect(plan).toMatchObject({ approvals: 3, manifest: { epoch: 19, threshold: 1 } });
    const { v: _, ...member } = own;
    expect(plan.manifest).toEqual({ ...manifests.at(-1)!, epoch: 19, members: manifests.at(-1)!.members.map((before) => (before.party === 3 ? { party: 3, ...member } : before)) });
    expect(plan.fingerprint).toBe(fingerprintOf(plan.manifest));
    const folder = NodeFolder.open(dir);
    expect(folder.manifest()).toEqual(plan.manifest);
    expect(parseManifest(JSON.parse(readFileSync(plan.file, 'utf8')))).toEqual(plan.manifest);
    expect(parse(readFileSync(folder.configFile, 'utf8'))).toMatchObject({ nodeId: 3, networkId: first.networkId, manifestFile: folder.manifestFile, link: { host: '127.0.0.1', port: 40_481 } });
  }, testTimeoutMs);

  test('asks again where a connection breaks, and not for ever', async () => {
    told = links.slice(0, 1);
    resets = 2;
    await expect(joinRunning(dir, options({ links: linkSource(gatewayUrl) }))).resolves.toMatchObject({ manifest: { epoch: 3 } });
    resets = 3;
    await expect(joinRunning(dir, options({ links: linkSource(gatewayUrl) }))).rejects.toMatchObject({ code: 'join.no-links' });
  }, testTimeoutMs);

  test('reads links from a file as well, and takes the given manifest for the one in force without any', async () => {
    const file = join(root, 'links.json');
    writeFileSync(file, JSON.stringify({ links: links.slice(0, 3) }));
    await expect(joinRunning(dir, options({ links: linkSource(file) }))).resolves.toMatchObject({ manifest: { epoch: 5 } });
    await expect(joinRunning(dir, options())).resolves.toMatchObject({ manifest: { epoch: 2 } });
  }, testTimeoutMs);

  test('comes after all others together with another one, at a threshold that so many can have', async () => {
    const beside: MemberDescriptor = { ...descriptors[0]!, name: 'node-7', jurisdiction: 'NO', identityKey: hash(), hpkeKey: hash(), host: 'node-7.example' };
    const { manifest } = await joinRunning(dir, { manifestFile: network, confirm: async () => fingerprintOf(first), beside: [beside], threshold: 2 });
    expect(manifest.members.map(({ name }) => name)).toEqual(['node-1', 'node-2', 'node-3', 'node-4', 'node-5', 'node-7', 'standby']);
    expect(manifest).toEqual(withMembers(first, [beside, own], { threshold: 2 }));
    expect(parse(readFileSync(join(dir, 'config.yaml'), 'utf8'))).toMatchObject({ nodeId: 7 });
  }, testTimeoutMs);

  test('makes the manifest that a custodian who leaves proposes for a successor', async () => {
    const { manifest } = await joinRunning(dir, options());
    expect(manifestDigest(withoutMember(first, 3, own))).toBe(manifestDigest(manifest));
  }, testTimeoutMs);

  test.each<[string, string, () => Partial<JoinRunningOptions>]>([
    ['another fingerprint than was read out', 'join.other-fingerprint', () => ({ confirm: async () => fingerprintOf(manifests[1]!) })],
    ['a link that too few have approved', 'manifest.unapproved', () => ({ links: async (from) => (from === 2 ? [linkTo(manifests[1]!, first, 2)] : []) })],
    ['a link that leaves one out', 'manifest.unlinked', () => ({ links: async () => links.slice(1, 3) })],
    ['a place that nobody has', 'join.unknown-member', () => ({ inPlaceOf: 'node-9' })],
    ['two for one place', 'join.one-place', () => ({ beside: [descriptors[0]!] })],
    ['the address of a member that stays', 'join.same-identity', () => ({ manifestFile: altered({ host: '127.0.0.1', linkPort: 40_481 }), confirm: async (_, shown) => shown })],
    ['the jurisdiction of a member that stays', 'manifest.invalid', () => ({ manifestFile: altered({ jurisdiction: 'PT' }), confirm: async (_, shown) => shown })],
    ['a number of members that is not supported', 'manifest.invalid', () => ({ manifestFile: network, inPlaceOf: undefined as never })],
    ['a gateway that does not answer', 'join.no-links', () => ({ links: linkSource('http://127.0.0.1:1') })],
    ['links of another form', 'join.malformed-links', () => ({ links: linkSource(network) })],
  ])('is refused with %s, and its folder is as before', async (_, code, altering) => {
    await expect(joinRunning(dir, options(altering()))).rejects.toMatchObject({ code });
    expect(existsSync(join(dir, 'config.yaml'))).toBe(false);
  }, testTimeoutMs);

  test('can begin again while it is no member, and not once it is', async () => {
    told = links.slice(0, 1);
    const { manifest } = await joinRunning(dir, options());
    const custody = await NodeFolder.open(made).custody();
    const joined = linkTo(manifest, first, 3, (bytes) => toBase64Url(custody.signIdentity(separated(epochReadinessDomain, bytes))));
    custody.destroy();
    await expect(joinRunning(dir, options({ links: linkSource(gatewayUrl) }))).resolves.toMatchObject({ manifest: { epoch: 3 } });
    await expect(joinRunning(dir, options({ links: async (from) => (from === 2 ? [joined] : []) }))).rejects.toMatchObject({ code: 'node.joined' });
  }, testTimeoutMs);

  test('shows its keys of the epoch in its folder, and of a place that is another’s the ones it was made with', async () => {
    const shown = async () => Object.fromEntries(await nodeStatus(dir));
    expect(await shown()).toMatchObject({ identity: own.identityKey, network: 'none yet: boop node join' });
    const { manifest } = await joinRunning(dir, options());
    expect(await shown()).toMatchObject({ identity: own.identityKey, 'HPKE key': own.hpkeKey, fingerprint: fingerprintOf(manifest) });
    const [identityKey, hpkeKey] = [hash(), hash()];
    const inPlace = (change: object) => writeFileSync(join(dir, 'network.json'), JSON.stringify({ ...manifest, members: manifest.members.map((member) => (member.party === 3 ? { ...member, ...change } : member)) }));
    inPlace({ identityKey, hpkeKey });
    expect(await shown()).toMatchObject({ identity: identityKey, 'HPKE key': hpkeKey });
    inPlace({ identityKey, hpkeKey, name: 'another' });
    expect(await shown()).toMatchObject({ identity: own.identityKey, 'HPKE key': own.hpkeKey });
  }, testTimeoutMs);
});

test('a custodian who was read out another fingerprint proposes and approves nothing', () => {
  expect(() => checkFingerprint(first, undefined)).not.toThrow();
  expect(() => checkFingerprint(first, fingerprintOf(first))).not.toThrow();
  for (const manifest of [manifests[1], undefined, {}]) expect(() => checkFingerprint(manifest, fingerprintOf(first))).toThrow(expect.objectContaining({ code: 'proposal.other-fingerprint' }));
});

/** The first manifest with one of its members otherwise. */
function altered(change: object): string {
  const file = join(root, 'altered.json');
  writeFileSync(file, JSON.stringify({ ...first, members: first.members.map((member) => (member.party === 1 ? { ...member, ...change } : member)) }));
  return file;
}

import { existsSync, readFileSync } from 'node:fs';
import { readManifest, writeFileAtomic } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { fingerprintOf } from './first-manifest.ts';
import { keepManifest } from './join.ts';
import { followFrom, type LinkSource } from './manifest-links.ts';
import { type MemberDescriptor, verifyDescriptor } from './member-descriptor.ts';
import { withMembers } from './next-manifest.ts';
import { NodeFolder } from './node-folder.ts';

export interface JoinRunningOptions {
  /** A manifest of the network, as one of its custodians has handed it over. */
  readonly manifestFile: string;
  /** The fingerprint that custodians have read out for it, or a way to ask. */
  readonly confirm: (manifest: NetworkManifest, fingerprint: string) => Promise<string>;
  /** Manifests that came into force since; none where the given one is in force. */
  readonly links?: LinkSource;
  /** Name of the member whose place this node takes; after all others where there is none. */
  readonly inPlaceOf?: string;
  /** Nodes that join in the same change. */
  readonly beside?: readonly MemberDescriptor[];
  /** Unless it stays as it is. */
  readonly threshold?: number;
}

/** What the other custodians are to approve. */
export interface JoiningPlan {
  readonly manifest: NetworkManifest;
  readonly fingerprint: string;
  readonly file: string;
  /** Members of the manifest in force who have to approve. */
  readonly approvals: number;
}

/**
 * Makes this node a member of the coming epoch of a network that runs: it writes the next manifest, with this node in it, into the folder, from which the
 * process starts. It is this custodian's approval; the others' are asked for at their own nodes. May be repeated until the node has been dealt its shares.
 * @throws BoopError `node.no-folder`, `node.joined`, `join.*`, `manifest.*`, `epoch.certificate`
 */
export async function joinRunning(dir: string, { manifestFile, confirm, links, inPlaceOf, beside = [], threshold }: JoinRunningOptions): Promise<JoiningPlan> {
  const folder = NodeFolder.open(dir);
  const own = verifyDescriptor(JSON.parse(readFileSync(folder.path('member.json'), 'utf8')));
  const trusted = readManifest(manifestFile);
  if (existsSync(folder.path('first-manifest.json')) || (folder.joined && folder.manifest().networkId !== trusted.networkId)) throw new BoopError('node.joined', `the node in ${folder.dir} is in a network already`);
  const fingerprint = fingerprintOf(trusted);
  if ((await confirm(trusted, fingerprint)) !== fingerprint) throw new BoopError('join.other-fingerprint', 'the manifest has another fingerprint than the one that custodians have read out');
  const inForce = links ? await followFrom(trusted, links) : trusted;
  if (inForce.members.some(({ identityKey }) => identityKey === own.identityKey)) throw new BoopError('node.joined', 'this node is a member already');
  const manifest = withMembers(inForce, [own, ...beside], { ...(inPlaceOf !== undefined && { inPlaceOf }), ...(threshold !== undefined && { threshold }) });
  const file = folder.path(`proposal-${manifest.epoch}.json`);
  writeFileAtomic(file, `${JSON.stringify(manifest, null, 2)}\n`, 0o644);
  keepManifest(folder, manifest, own.identityKey);
  return { manifest, fingerprint: fingerprintOf(manifest), file, approvals: 2 * inForce.threshold + 1 };
}

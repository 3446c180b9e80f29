import { askControlSocket, controlSocketIn, type KeyUse, writeFileAtomic } from '@boop/platform';
import { type NetworkManifest, networkManifestSchema, parseManifest } from '@boop/protocol';
import { BoopError, isBoopError, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { refuseDoubles } from './first-manifest.ts';
import { type MemberDescriptor } from './member-descriptor.ts';
import { type NodeFolder } from './node-folder.ts';

const proposalLastsSeconds = 7 * 86_400;
const askTimeoutMs = 30_000;
const manifestAnswer = z.strictObject({ manifest: networkManifestSchema.nullable() });
const proposalAnswer = z.strictObject({ digest: z.string() });

/** The manifest in force as the running node knows it, else the one with which it joined. */
export async function manifestInForce(folder: NodeFolder): Promise<NetworkManifest> {
  return (await manifestOfProcess(folder)) ?? folder.manifest();
}

/** The manifest in force as the running node knows it; null while it has yet to join, undefined where no node runs. */
export async function manifestOfProcess(folder: NodeFolder): Promise<NetworkManifest | null | undefined> {
  const answer = await ask(folder, { command: 'manifest' });
  return answer === undefined ? undefined : manifestAnswer.parse(answer).manifest;
}

/** This node's place in a manifest. @throws BoopError `node.other-identity` */
export function ownParty(manifest: NetworkManifest, identityKeys: readonly Uint8Array[]): number {
  const own = manifest.members.find(({ identityKey }) => identityKeys.some((key) => toBase64Url(key) === identityKey));
  if (!own) throw new BoopError('node.other-identity', 'the manifest in force names no identity key of this node');
  return own.party;
}

/** The next epoch's manifest with another key for this node. */
export function withKey(manifest: NetworkManifest, party: number, use: KeyUse, publicKey: Uint8Array): NetworkManifest {
  const change = use === 'identity' ? { identityKey: toBase64Url(publicKey) } : { hpkeKey: toBase64Url(publicKey) };
  return parseManifest({ ...manifest, epoch: manifest.epoch + 1, members: manifest.members.map((member) => (member.party === party ? { ...member, ...change } : member)) });
}

/**
 * The next epoch's manifest without this node: a successor takes its share index, or, where there is none, the last index goes.
 * @throws BoopError `node.successor-needed`, `manifest.invalid`
 */
export function withoutMember(manifest: NetworkManifest, party: number, successor: MemberDescriptor | undefined): NetworkManifest {
  if (!successor && party !== manifest.members.length) throw new BoopError('node.successor-needed', 'others would have to change their share index: name a successor, who takes this one (--successor FILE)');
  const others = manifest.members.filter((member) => member.party !== party);
  const { v: _, ...member } = successor ?? { v: 1 };
  const members = successor ? [...others, { party, ...member }].sort((a, b) => a.party - b.party) : others;
  return parseManifest({ ...manifest, epoch: manifest.epoch + 1, members });
}

/**
 * The next epoch's manifest with new members: one in the place of a member, or all of them after the present ones, in the order of their names.
 * @throws BoopError `join.unknown-member`, `join.one-place`, `join.same-identity`, `manifest.invalid`
 */
export function withMembers(manifest: NetworkManifest, newcomers: readonly MemberDescriptor[], { inPlaceOf, threshold = manifest.threshold }: { inPlaceOf?: string; threshold?: number }): NetworkManifest {
  const sorted = [...newcomers].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ v: _, ...member }) => member);
  if (inPlaceOf !== undefined && sorted.length !== 1) throw new BoopError('join.one-place', 'one member takes the place of one');
  const place = manifest.members.find(({ name }) => name === inPlaceOf)?.party;
  if (inPlaceOf !== undefined && place === undefined) throw new BoopError('join.unknown-member', 'no member of the manifest in force has that name');
  const stay = manifest.members.filter(({ party }) => party !== place);
  refuseDoubles([...stay, ...sorted]);
  const taken = sorted.map((member, at) => ({ party: place ?? manifest.members.length + 1 + at, ...member }));
  return parseManifest({ ...manifest, epoch: manifest.epoch + 1, threshold, members: [...stay, ...taken].sort((a, b) => a.party - b.party) });
}

/** Writes a proposal into the folder and hands it to the running node. @returns its digest, or undefined where no node runs */
export async function propose(folder: NodeFolder, manifest: NetworkManifest): Promise<{ file: string; digest: string | undefined }> {
  const file = folder.path(`proposal-${manifest.epoch}.json`);
  writeFileAtomic(file, `${JSON.stringify(manifest, null, 2)}\n`, 0o644);
  const answer = await ask(folder, { command: 'propose', manifest, lastsSeconds: proposalLastsSeconds });
  return { file, digest: answer === undefined ? undefined : proposalAnswer.parse(answer).digest };
}

/** Undefined where no node runs in the folder. */
async function ask(folder: NodeFolder, request: object): Promise<unknown> {
  try {
    return await askControlSocket(controlSocketIn(folder.dir), request, askTimeoutMs);
  } catch (error) {
    if (isBoopError(error) && error.kind === 'unavailable') return undefined;
    throw error;
  }
}

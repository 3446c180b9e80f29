import { existsSync, readFileSync } from 'node:fs';
import { systemClock, writeFileAtomic } from '@boop/platform';
import { type ManifestLink, type NetworkManifest } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { stringify } from 'yaml';
import { fingerprintOf, type NetworkPlan } from './first-manifest.ts';
import { type Address, Meeting } from './meeting.ts';
import { signedDescriptorSchema, verifyDescriptor } from './member-descriptor.ts';
import { NodeFolder } from './node-folder.ts';

export interface JoinOptions {
  readonly peers: readonly Address[];
  readonly plan: NetworkPlan;
  /** The fingerprint that the custodian has agreed on with the others, or a way to ask. */
  readonly confirm: (manifest: NetworkManifest, fingerprint: string) => Promise<string>;
  readonly write: (text: string) => void;
  readonly nowMs?: () => number;
  readonly timeoutMs?: number;
}

const meetingTimeoutMs = 60 * 60_000;

/**
 * Makes this node a member of a network that begins.
 * @throws BoopError `node.no-folder`, `node.joined`, `custody.*`, `join.*`, `manifest.*`
 */
export async function joinNetwork(dir: string, { peers, plan, confirm, write, nowMs = () => systemClock.nowMs(), timeoutMs = meetingTimeoutMs }: JoinOptions): Promise<NetworkManifest> {
  const folder = NodeFolder.open(dir);
  if (folder.joined) throw new BoopError('node.joined', `the node in ${folder.dir} is in a network already`);
  const own = signedDescriptorSchema.parse(JSON.parse(readFileSync(folder.path('member.json'), 'utf8')));
  verifyDescriptor(own);
  const { link, listen } = folder.settings;
  const others = peers.filter(({ host, port }) => host !== link.host || port !== link.port);
  const custody = await folder.custody();
  try {
    const meeting = await Meeting.open({ custody, own, listen: { host: listen, port: link.port }, peers: others, plan, nowMs, timeoutMs, onWait: (what) => write(`  ${what}\n`) });
    try {
      const manifest = await meeting.gather();
      const fingerprint = fingerprintOf(manifest);
      if ((await confirm(manifest, fingerprint)) !== fingerprint) throw new BoopError('join.other-fingerprint', 'the fingerprint is another one: somebody else may have answered in the place of a member');
      keepMembership(folder, await meeting.approve());
      await meeting.part();
      return manifest;
    } finally {
      await meeting.close();
    }
  } finally {
    custody.destroy();
  }
}

function keepMembership(folder: NodeFolder, link: ManifestLink): void {
  const { manifest } = link.proposal;
  const own = verifyDescriptor(JSON.parse(readFileSync(folder.path('member.json'), 'utf8')));
  writeFileAtomic(folder.path('first-manifest.json'), `${JSON.stringify(link, null, 2)}\n`, 0o644);
  keepManifest(folder, manifest, own.identityKey);
}

/**
 * Everything that the node's process reads at its start; its configuration last, since with it the folder has joined.
 * @param manifest names this node by `identity`
 */
export function keepManifest(folder: NodeFolder, manifest: NetworkManifest, identity: string): void {
  const { party } = manifest.members.find(({ identityKey }) => identityKey === identity)!;
  writeFileAtomic(folder.manifestFile, `${JSON.stringify(manifest, null, 2)}\n`, 0o644);
  if (!existsSync(folder.path('services.pem'))) writeFileAtomic(folder.path('services.pem'), '', 0o644);
  const { listen, link: address, health, metrics } = folder.settings;
  const config = {
    networkId: manifest.networkId,
    nodeId: party,
    manifestFile: folder.manifestFile,
    nextManifestFile: folder.path('next-manifest.json'),
    controlDir: folder.dir,
    keysDir: folder.path('keys'),
    custody: folder.custodySettings,
    tls: { sealedFile: folder.path('tls', 'tls.json'), servicesFile: folder.path('services.pem') },
    link: { host: listen, port: address.port },
    health,
    metrics,
    databaseUrlFile: folder.path('database.url'),
  };
  writeFileAtomic(folder.configFile, stringify(config));
}

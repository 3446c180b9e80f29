import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type Member, type NetworkManifest } from '@boop/protocol';
import { releaseDigest } from '@boop/platform';
import { toBase64Url } from '@boop/shared';
import { parse } from 'yaml';
import { z } from 'zod';
import { builtPrograms } from '../network/programs.ts';
import { nameOf } from '../services/service-descriptor.ts';
import { acceptedServices } from './accept.ts';
import { fingerprintOf } from './first-manifest.ts';
import { readDescriptor } from './member-descriptor.ts';
import { manifestOfProcess } from './next-manifest.ts';
import { NodeFolder } from './node-folder.ts';

const healthTimeoutMs = 3_000;
const readinessSchema = z.looseObject({ checks: z.record(z.string(), z.unknown()) });

/** What a custodian wants to know of the own node, as lines of `name value`; opens no key. */
export async function nodeStatus(dir: string): Promise<[string, string][]> {
  const folder = NodeFolder.open(dir);
  const { name, jurisdiction, link, custody } = folder.settings;
  const first = readDescriptor(folder.path('member.json'));
  const lines: [string, string][] = [
    ['node', `${name} (${jurisdiction}) at ${link.host}:${link.port}`],
    ['keys', custody.kind === 'file' ? 'in the folder' : `in the token ${custody.tokenLabel}`],
  ];
  const keys = (member: MemberKeys): [string, string][] => [['identity', member.identityKey], ['HPKE key', member.hpkeKey]];
  lines.push(['software', (await releaseDigest(builtPrograms().node!.script)) ?? 'a checkout: no digest']);
  if (!folder.joined) return [...lines, ...keys(first), ['network', 'none yet: boop node join']];
  const inForce = await manifestOfProcess(folder);
  const manifest = inForce ?? folder.manifest();
  const yetTo = inForce === null ? ', which is yet to begin' : '';
  lines.push(...keys(ownMember(manifest, folder) ?? first), ['network', `${manifest.networkId}, epoch ${manifest.epoch}${yetTo}, ${manifest.members.length} members, threshold ${manifest.threshold}`], ['fingerprint', fingerprintOf(manifest)]);
  const services = acceptedServices(folder).map(nameOf);
  lines.push(['services', services.length > 0 ? services.join(', ') : 'none yet: boop node accept']);
  const tls = folder.path('tls', 'tls.json');
  if (existsSync(tls)) lines.push(['TLS certificate', certificateLine(tls)]);
  lines.push(['process', await processLine(folder)]);
  return lines;
}

type MemberKeys = Pick<Member, 'identityKey' | 'hpkeKey'>;

/** This node as the manifest names it, with the keys in force; undefined where it names another one in its place. */
function ownMember({ members }: NetworkManifest, { settings: { name }, configFile }: NodeFolder): Member | undefined {
  const { nodeId } = z.object({ nodeId: z.number() }).parse(parse(readFileSync(configFile, 'utf8')));
  const member = members[nodeId - 1];
  return member?.name === name ? member : undefined;
}

function certificateLine(file: string): string {
  const { certificate } = z.object({ certificate: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8')));
  const { validToDate, fingerprint256 } = new X509Certificate(certificate);
  const ended = validToDate.getTime() < Date.now() ? ' (has ended)' : '';
  return `until ${validToDate.toISOString().slice(0, 10)}${ended}, SHA-256 ${toBase64Url(Buffer.from(fingerprint256.replaceAll(':', ''), 'hex'))}`;
}

async function processLine({ settings: { health } }: NodeFolder): Promise<string> {
  try {
    const response = await fetch(`http://${health.host}:${health.port}/readyz`, { signal: AbortSignal.timeout(healthTimeoutMs) });
    const { checks } = readinessSchema.parse(await response.json());
    const shown = Object.entries(checks).map(([check, value]) => `${check} ${String(value)}`);
    return `${response.status === 200 ? 'ready' : 'not ready'}: ${shown.join(', ')}`;
  } catch {
    return 'not running';
  }
}

import { createHash } from 'node:crypto';
import { manifestDigest, type NetworkManifest, parseManifest } from '@boop/protocol';
import { BoopError, fromBase64Url } from '@boop/shared';
import { consentTexts } from '../network/consent-texts.ts';
import { operatingMenu } from '../network/operating-menu.ts';
import { type MemberDescriptor } from './member-descriptor.ts';

/** What custodians agree on besides who they are. */
export interface NetworkPlan {
  readonly threshold: number;
  /** Named after its first members unless given. */
  readonly networkId?: string;
  readonly testNetwork: boolean;
  readonly logOrigin?: string;
}

const fingerprintGroups = 8;

/**
 * The first manifest of a network; every custodian makes the same one from the same descriptors. Members stand in the order of their names.
 * @throws BoopError `join.same-identity`, `manifest.invalid`
 */
export function firstManifest(descriptors: readonly MemberDescriptor[], plan: NetworkPlan): NetworkManifest {
  refuseDoubles(descriptors);
  const members = [...descriptors].sort((a, b) => (a.name < b.name ? -1 : 1));
  const networkId = plan.networkId ?? `net-${createHash('sha256').update(members.map(({ identityKey }) => identityKey).join()).digest('hex').slice(0, 12)}`;
  return parseManifest({
    v: 1,
    networkId,
    testNetwork: plan.testNetwork,
    epoch: 1,
    threshold: plan.threshold,
    members: members.map(({ v: _, ...member }, at) => ({ party: at + 1, ...member })),
    logOrigin: plan.logOrigin ?? `log.boop.invalid/${networkId}`,
    ...operatingMenu(),
    consentTexts,
  });
}

/** 128 bits of the manifest's digest, to be read aloud. */
export function fingerprintOf(manifest: NetworkManifest): string {
  const hex = Buffer.from(fromBase64Url(manifestDigest(manifest))).toString('hex');
  return Array.from({ length: fingerprintGroups }, (_, at) => hex.slice(4 * at, 4 * at + 4)).join('-');
}

/** @throws BoopError `join.same-identity` where two members show one key, name or address */
export function refuseDoubles(descriptors: readonly Omit<MemberDescriptor, 'v'>[]): void {
  const traits: readonly [string, (member: Omit<MemberDescriptor, 'v'>) => string][] = [
    ['identity key', ({ identityKey }) => identityKey],
    ['HPKE key', ({ hpkeKey }) => hpkeKey],
    ['name', ({ name }) => name],
    ['address', ({ host, linkPort }) => `${host}:${linkPort}`],
  ];
  for (const [trait, of] of traits) {
    for (const [at, member] of descriptors.entries()) {
      const other = descriptors.slice(0, at).find((before) => of(before) === of(member));
      if (other) throw new BoopError('join.same-identity', `two nodes show one ${trait}: ${addressOf(other)} and ${addressOf(member)}`, { kind: 'peer' });
    }
  }
}

const addressOf = ({ host, linkPort }: Pick<MemberDescriptor, 'host' | 'linkPort'>): string => `${host}:${linkPort}`;

import { type ManifestLink, type NetworkInfo, type NetworkManifest, supportedParameters, verifyManifestLink } from '@boop/protocol';
import { sdkError } from '../errors.ts';

/**
 * What a client knows of a network beforehand: shares are sealed to these keys and to no others, whatever the gateway or
 * the bridge says. Take it from the network's manifest.
 */
export interface NetworkPin {
  readonly networkId: string;
  /** Epoch of these members. With it a client follows the manifests that they, and those after them, have approved. */
  readonly epoch?: number;
  readonly threshold: number;
  readonly members: readonly PinnedMember[];
}

export interface PinnedMember {
  readonly party: number;
  readonly identityKey: string;
  readonly hpkeKey: string;
}

/** Pins what a manifest (or an answer that is trusted on first use) names. */
export const pinOf = ({ networkId, epoch, threshold, members }: NetworkPin): NetworkPin => ({
  networkId,
  ...(epoch === undefined ? {} : { epoch }),
  threshold,
  members: members.map(({ party, identityKey, hpkeKey }) => ({ party, identityKey, hpkeKey })),
});

/**
 * Refuses a network other than the pinned one, and one whose parameters are unsound whatever is pinned.
 * @throws BoopError `network.mismatch`
 */
export function checkNetwork(info: NetworkInfo, pin: NetworkPin | undefined): NetworkInfo {
  const { nodes, threshold, members } = info;
  const supported = supportedParameters.some(([n, t]) => n === nodes && t === threshold);
  const inOrder = members.length === nodes && members.every(({ party }, index) => party === index + 1);
  const distinct = new Set(members.map(({ hpkeKey }) => hpkeKey)).size === nodes && new Set(members.map(({ identityKey }) => identityKey)).size === nodes;
  if (!supported || !inOrder || !distinct) throw mismatch();
  if (pin && !isSame(info, pin)) throw mismatch();
  return info;
}

/** Asks for the manifests from an epoch on. What it gives need not be trusted. */
export type ManifestSource = (info: NetworkInfo, fromEpoch: number) => Promise<readonly ManifestLink[]>;

/**
 * Without a pin the first answer is trusted and binds all later ones of the same client. Other members or keys are taken when the members that are known
 * have approved them, epoch after epoch.
 * @returns a check that throws BoopError `network.mismatch`
 */
export function createNetworkGuard(pin: NetworkPin | undefined, manifests: ManifestSource): (info: NetworkInfo) => Promise<NetworkInfo> {
  let known = pin;
  return async (info) => {
    checkNetwork(info, undefined);
    if (known && known.epoch !== undefined && info.networkId === known.networkId && info.epoch > known.epoch && !isSame(info, known)) known = await follow(known, info, manifests);
    checkNetwork(info, known);
    known = known === undefined || (known.epoch !== undefined && known.epoch < info.epoch) ? pinOf(info) : known;
    return info;
  };
}

/** The members of the epoch that is told, as far as the chain from the known ones leads there. @throws BoopError `network.mismatch` */
async function follow(pin: NetworkPin, info: NetworkInfo, manifests: ManifestSource): Promise<NetworkPin> {
  let inForce: NetworkManifest | undefined;
  try {
    for (let epoch = pin.epoch!; epoch < info.epoch; ) {
      const links = await manifests(info, epoch + 1);
      if (links.length === 0) break;
      for (const link of links) {
        // Of the members that are pinned the keys are known and nothing else.
        inForce = inForce
          ? verifyManifestLink(link, { manifest: inForce })
          : verifyManifestLink(link, { manifest: { ...link.proposal.manifest, networkId: pin.networkId, epoch, threshold: pin.threshold, members: pin.members as NetworkManifest['members'] }, digest: null });
        epoch = inForce.epoch;
      }
    }
  } catch (cause) {
    throw sdkError('network.mismatch', { kind: 'fatal', cause });
  }
  return inForce ? pinOf(inForce) : pin;
}

const isSame = (info: NetworkInfo, pin: NetworkPin): boolean =>
  info.networkId === pin.networkId &&
  info.threshold === pin.threshold &&
  pin.members.length === info.members.length &&
  pin.members.every(({ party, identityKey, hpkeKey }, index) => party === info.members[index]!.party && identityKey === info.members[index]!.identityKey && hpkeKey === info.members[index]!.hpkeKey);

const mismatch = () => sdkError('network.mismatch', { kind: 'fatal' });

import { type NetworkInfo, supportedParameters } from '@boop/protocol';
import { sdkError } from '../errors.ts';

/**
 * What a client knows of a network beforehand: shares are sealed to these keys and to no others, whatever the gateway or
 * the bridge says. Take it from the network's manifest.
 */
export interface NetworkPin {
  readonly networkId: string;
  readonly threshold: number;
  readonly members: readonly PinnedMember[];
}

export interface PinnedMember {
  readonly party: number;
  readonly identityKey: string;
  readonly hpkeKey: string;
}

/** Pins what a manifest (or an answer that is trusted on first use) names. */
export const pinOf = ({ networkId, threshold, members }: NetworkPin): NetworkPin => ({
  networkId,
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
  if (!pin) return info;
  const same =
    info.networkId === pin.networkId &&
    threshold === pin.threshold &&
    pin.members.length === nodes &&
    pin.members.every(({ party, identityKey, hpkeKey }, index) => party === members[index]!.party && identityKey === members[index]!.identityKey && hpkeKey === members[index]!.hpkeKey);
  if (!same) throw mismatch();
  return info;
}

/** Without a pin the first answer is trusted and binds all later ones of the same client. */
export function createNetworkGuard(pin: NetworkPin | undefined): (info: NetworkInfo) => NetworkInfo {
  let known = pin;
  return (info) => {
    checkNetwork(info, known);
    known ??= pinOf(info);
    return info;
  };
}

const mismatch = () => sdkError('network.mismatch', { kind: 'fatal' });

import { type Statistic, palmStatistic } from '@boop/mpc';
import { type NetworkManifest, type OperatingPoint } from '@boop/protocol';
import { BoopError, type Epoch, epoch, type PartyId, partyId } from '@boop/shared';

/** What one node knows about its network before anything runs; the same at every node but for `self`. */
export interface Network {
  readonly manifest: NetworkManifest;
  readonly self: PartyId;
  readonly networkId: string;
  readonly epoch: Epoch;
  readonly parties: readonly PartyId[];
  readonly nodes: number;
  readonly threshold: number;
  /** Members of one committee, 2t+1. */
  readonly committeeSize: number;
  /** Nodes among whom t lying ones can't pass a lie off as the truth, 3t+1. */
  readonly verifiableSize: number;
}

/** @throws BoopError `node.not-a-member` */
export function networkOf(manifest: NetworkManifest, self: number): Network {
  const parties = manifest.members.map(({ party }) => partyId(party));
  if (!parties.includes(self as PartyId)) throw new BoopError('node.not-a-member', 'the manifest does not list this node', { kind: 'fatal' });
  return {
    manifest,
    self: partyId(self),
    networkId: manifest.networkId,
    epoch: epoch(manifest.epoch),
    parties,
    nodes: parties.length,
    threshold: manifest.threshold,
    committeeSize: 2 * manifest.threshold + 1,
    verifiableSize: 3 * manifest.threshold + 1,
  };
}

/** θ comes from the manifest, never from a request. @throws BoopError `context.invalid` */
export function operatingPointOf(network: Network, id: string): OperatingPoint {
  const point = network.manifest.operatingPoints.find((candidate) => candidate.id === id);
  if (!point) throw new BoopError('context.invalid', 'the context names no operating point of this network');
  return point;
}

/** Score statistic of each encoder that this version of the node can match. */
const statistics: Readonly<Record<string, Statistic>> = { 'palm-compcode-1': palmStatistic };

/** @throws BoopError `template.unknown-encoder` */
export function statisticOf(encoder: string): Statistic {
  if (!Object.hasOwn(statistics, encoder)) throw new BoopError('template.unknown-encoder', 'this network does not use that encoder');
  return statistics[encoder]!;
}

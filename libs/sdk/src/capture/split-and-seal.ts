import { type Template } from '@boop/biometric';
import { type SigningKey } from '@boop/identity';
import { countValid, palmStatistic, splitTemplate, type Statistic } from '@boop/mpc';
import { joinShares, type NetworkInfo, type SealedSplit, sealSplit, type SplitHeader, type SplitItemPurpose } from '@boop/protocol';
import { BoopError, type Rng } from '@boop/shared';
import { checkNetwork } from '../network/network-pin.ts';
import { systemRng } from '../ports.ts';

/** How templates of each encoder are shared. */
const statistics: readonly Statistic[] = [palmStatistic];

export interface SplitInput {
  readonly network: NetworkInfo;
  readonly purpose: SplitHeader['purpose'];
  readonly sessionId: string;
  /** In the order in which each node finds its shares. */
  readonly items: readonly { readonly item: SplitItemPurpose; readonly template: Template }[];
  /** Signs header and envelopes. */
  readonly device: SigningKey;
}

/**
 * Splits templates into one Shamir share per node (degree t, node i at point i) and seals each node's shares to its HPKE
 * key: what leaves the device. The header declares how many coordinates of each template are valid, which nodes check. The shares are wiped before this returns; the templates are the caller's.
 * @throws BoopError `template.unknown-encoder` when the network uses another encoder, `template.too-few-valid`,
 *   `network.mismatch` for unsound parameters or keys
 */
export async function splitAndSeal({ network, purpose, sessionId, items, device }: SplitInput, rng: Rng = systemRng): Promise<SealedSplit> {
  const { networkId, epoch, encoder, nodes, threshold, members } = checkNetwork(network, undefined);
  const statistic = statistics.find(({ id }) => id === encoder);
  if (!statistic || items.some(({ template }) => template.encoder !== encoder))
    throw new BoopError('template.unknown-encoder', 'the network does not use the encoder of this template');
  const header: SplitHeader = { v: 1, networkId, epoch, purpose, sessionId, encoder, splitAt: 'edge', items: items.map(({ item, template }) => ({ ...item, valid: countValid(statistic, template.values) })) };
  const shares: Uint8Array[][] = [];
  const perNode: Uint8Array[] = [];
  try {
    for (const { template } of items) shares.push(splitTemplate(template.values, statistic, { nodes, threshold }, rng));
    for (let node = 0; node < nodes; node++) perNode.push(joinShares(shares.map((ofItem) => ofItem[node]!)));
    return await sealSplit(header, perNode, members, device);
  } finally {
    for (const share of [...shares.flat(), ...perNode]) share.fill(0);
  }
}

import { type NetworkManifest, signersNeeded } from '@boop/protocol';
import { BoopError, toHex } from '@boop/shared';
import { type GroupKey, parseGroupKey } from '@boop/threshold';
import { askNode, type NodePort } from './node-port.ts';

const KEY_NAME = 'log';

/** The log's public key as t+1 nodes tell it, one honest node among them at least; undefined while too few answer or agree. */
export async function agreedGroupKey(nodes: readonly NodePort[], manifest: NetworkManifest): Promise<Uint8Array | undefined> {
  const answers = await Promise.allSettled(nodes.map((node) => askNode(node, 'keys.get', { name: KEY_NAME })));
  const votes = new Map<string, { key: Uint8Array; count: number }>();
  for (const answer of answers) {
    if (answer.status === 'rejected') continue;
    const { key } = answer.value;
    const vote = votes.get(toHex(key)) ?? { key, count: 0 };
    vote.count += 1;
    votes.set(toHex(key), vote);
  }
  return [...votes.values()].find(({ count }) => count > manifest.threshold)?.key;
}

/** @throws BoopError `log.unfit-group-key` unless it is this network's key for the log, with the agreed quorum */
export function parseLogKey(bytes: Uint8Array, manifest: NetworkManifest): GroupKey {
  const group = parseGroupKey(bytes);
  const fits =
    group.name === KEY_NAME &&
    group.suite === 'FROST-ED25519-SHA512' &&
    group.epoch <= manifest.epoch &&
    group.threshold === signersNeeded(KEY_NAME, manifest.members.length, manifest.threshold) &&
    group.parties.length === manifest.members.length &&
    group.parties.every((party, at) => party === manifest.members[at]!.party);
  if (!fits) throw new BoopError('log.unfit-group-key', "the nodes' key is not one for this network's log", { kind: 'peer' });
  return group;
}

import { checkSplit, checkSplitEpoch, type NetworkManifest, type SealedSplit, splitFor, type SplitHeader } from '@boop/protocol';
import { BoopError } from '@boop/shared';

/**
 * What the gateway can tell of a split without opening anything; each node checks again. One node's part suffices for the
 * signature, since it covers the hashes of all envelopes.
 * @throws BoopError `split.incomplete`, `split.altered`, `share.wrong-*`, `template.unknown-encoder`
 */
export function checkIncomingSplit(split: SealedSplit, expected: { manifest: NetworkManifest; purpose: SplitHeader['purpose']; sessionId: string; operatingPoint: string }): void {
  const { manifest, purpose, sessionId, operatingPoint } = expected;
  const { networkId, epoch, members } = manifest;
  // First: a split of another epoch may be cut for another number of nodes.
  checkSplitEpoch(split.header, manifest);
  const named = new Set(split.envelopes.map(({ party }) => party));
  if (split.envelopes.length !== members.length || !members.every(({ party }) => named.has(party))) throw new BoopError('split.incomplete', 'the split does not cover all nodes');
  // Hashes are signed in the order of the nodes, so a share in another place is another node's.
  if (members.some(({ party }, index) => split.envelopes[index]!.party !== party)) throw new BoopError('share.wrong-node', 'a share lies in the place of another node');
  checkSplit(splitFor(split, 1), { networkId, epoch, party: 1, nodes: members.length, purpose, sessionId });
  const encoder = encoderOf(manifest, operatingPoint);
  if (split.header.encoder !== encoder) throw new BoopError('template.unknown-encoder', 'the template comes from an encoder version that this context does not use');
}

export const encoderOf = (manifest: NetworkManifest, operatingPoint: string): string => {
  const point = manifest.operatingPoints.find(({ id }) => id === operatingPoint);
  if (!point) throw new BoopError('context.invalid', 'the context names no operating point of this network');
  return point.encoder;
};

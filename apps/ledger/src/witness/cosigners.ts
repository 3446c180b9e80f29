import { createVerifierKey, formatVerifierKey, SignatureType, type VerifierKey } from '@boop/log';
import { type NetworkManifest } from '@boop/protocol';
import { fromBase64Url } from '@boop/shared';

/** Key under which a node cosigns checkpoints: its identity of the manifest, named after log and node. */
export function nodeCosigner({ logOrigin, members }: NetworkManifest, party: number): VerifierKey {
  const { name, identityKey } = members[party - 1]!;
  return createVerifierKey(`${logOrigin}/${name}`, SignatureType.cosignatureV1, fromBase64Url(identityKey));
}

export const nodeCosigners = (manifest: NetworkManifest): string[] => manifest.members.map(({ party }) => formatVerifierKey(nodeCosigner(manifest, party)));

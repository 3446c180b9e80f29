import { ed25519 } from '@noble/curves/ed25519.js';
import { type NetworkKeys } from '@boop/identity';
import { fromBase64Url } from '@boop/shared';
import { parseGroupKey, prfCombine, prfCombineUnproven } from '@boop/threshold';

/** What a recipient checks partial results against. */
export interface AttributeNetwork {
  /** Ed25519 identities of the nodes in order of their share index, base64url: the pinned ones. */
  readonly identityKeys: readonly string[];
  /** Group key `attributes`, serialised, as `GET /v1/attributes/key` gives it. */
  readonly attributesKey: Uint8Array;
}

const known = new WeakMap<AttributeNetwork, NetworkKeys>();

/** Tables for the keys are made once for each network object. @throws BoopError `threshold.malformed-group-key` */
export function networkKeysOf(network: AttributeNetwork): NetworkKeys {
  const keys = known.get(network) ?? tabulated(network);
  known.set(network, keys);
  return keys;
}

function tabulated({ identityKeys, attributesKey }: AttributeNetwork): NetworkKeys {
  const group = parseGroupKey(attributesKey);
  const keys = identityKeys.map(fromBase64Url);
  return {
    needed: group.threshold,
    verifyNode(party, bytes, signature) {
      const key = keys[party - 1];
      return key !== undefined && ed25519.verify(signature, bytes, key, { zip215: false });
    },
    combine: (input, partials) => prfCombine(group, input, partials as Parameters<typeof prfCombine>[2]),
    combineUnproven: (input, partials) => prfCombineUnproven(group, input, partials as Parameters<typeof prfCombine>[2]),
  };
}

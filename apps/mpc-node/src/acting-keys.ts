import { type KeyCustody, type NodeCustody, openAesGcm } from '@boop/platform';
import { heldHpkeKeyPair, type HpkeKeyPair, type Member, type NetworkManifest } from '@boop/protocol';
import { BoopError, fromBase64Url, type PartyId } from '@boop/shared';

type MemberKeys = Pick<Member, 'identityKey' | 'hpkeKey'>;

const holds = (custody: NodeCustody, use: 'identity' | 'hpke', key: string): boolean => custody.holds(use, fromBase64Url(key));

/** The custody acting with the keys that an epoch's manifest names for this node. @throws BoopError `node.other-identity`, `node.other-hpke-key` */
export function actingKeys(custody: NodeCustody, { identityKey, hpkeKey }: MemberKeys): KeyCustody {
  if (!holds(custody, 'identity', identityKey)) throw new BoopError('node.other-identity', 'the manifest names another identity key for this node', { kind: 'fatal' });
  if (!holds(custody, 'hpke', hpkeKey)) throw new BoopError('node.other-hpke-key', 'the manifest names another HPKE key for this node', { kind: 'fatal' });
  return custody.withKeys({ identity: fromBase64Url(identityKey), hpke: fromBase64Url(hpkeKey) });
}

/** The custody between two epochs: it signs with the identity key of the first of these manifests that names keys of this node, looked for anew each time. */
export function actingAmong(custody: NodeCustody, self: PartyId, manifests: () => readonly (NetworkManifest | undefined)[]): KeyCustody {
  const acting = (): KeyCustody => {
    const own = manifests()
      .flatMap((manifest) => manifest?.members[self - 1] ?? [])
      .find(({ identityKey, hpkeKey }) => holds(custody, 'identity', identityKey) && holds(custody, 'hpke', hpkeKey));
    return own ? actingKeys(custody, own) : custody;
  };
  return Object.create(custody, { signIdentity: { value: (message: Uint8Array) => acting().signIdentity(message) } }) as KeyCustody;
}

/** The key to which shares for this node are sealed; its private half stays in the custody. */
export const openHpkeKey = (custody: KeyCustody): HpkeKeyPair => heldHpkeKeyPair(custody.hpkePublicKey, (publicKey) => custody.agreeHpke(publicKey), openAesGcm);

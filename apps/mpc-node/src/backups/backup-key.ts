import { type KeyCustody } from '@boop/platform';
import { heldHpkeKeyPair, type HpkeKeyPair, type NetworkManifest, openBox, sealBox } from '@boop/protocol';
import { BoopError, fromBase64Url, isBoopError, lengthPrefixed, type Rng, toBase64Url, uint32, utf8 } from '@boop/shared';
import { combine, split } from 'shamir-secret-sharing';
import { type BackupHeader } from './backup-format.ts';

const info = utf8('boop-backup-key/1');
const handedOnInfo = utf8('boop-backup-key-share/1');

/** What a key's shares are bound to. */
type KeyPlace = Pick<BackupHeader, 'networkId' | 'party' | 'sequence' | 'time'>;

const contextOf = ({ networkId, party, sequence, time }: KeyPlace): string => `backup/${networkId}/${party}/${sequence}/${time}`;
const placeOf = (place: KeyPlace, holder: number): Uint8Array => lengthPrefixed(utf8(contextOf(place)), uint32(holder));

/** A fresh key of 32 bytes, wrapped by the node's custody and shared among the other members: t+1 of them can restore what t or fewer can't. */
export async function createBackupKey(custody: KeyCustody, { threshold, members }: NetworkManifest, place: KeyPlace, rng: Rng): Promise<{ key: Uint8Array } & Pick<BackupHeader, 'wrapped' | 'recovery'>> {
  const key = rng.bytes(32);
  const others = members.filter(({ party }) => party !== place.party);
  const shares = await split(key, others.length, threshold + 1);
  const sealed = await Promise.all(others.map(async ({ party, hpkeKey }, at) => ({ party, hpkeKey, box: await sealBox(hpkeKey, shares[at]!, { info, aad: placeOf(place, party) }) })));
  for (const share of shares) share.fill(0);
  return { key, wrapped: toBase64Url(custody.wrapDataKey(key, contextOf(place))), recovery: { threshold: threshold + 1, shares: sealed } };
}

/** @throws BoopError `backup.wrong-key` when another custody wrapped it */
export function unwrapBackupKey(custody: KeyCustody, header: BackupHeader): Uint8Array {
  try {
    return custody.unwrapDataKey(fromBase64Url(header.wrapped), contextOf(header));
  } catch (error) {
    if (!isBoopError(error) || error.code !== 'store.tampered') throw error;
    throw new BoopError('backup.wrong-key', 'the keys of this folder do not open this backup', { kind: 'fatal' });
  }
}

/**
 * What another custodian hands to the one who restores: its share, sealed to a key made for this restoration.
 * @param custody acting with the HPKE key of the epoch in which the backup was made
 * @throws BoopError `backup.no-share` when this custodian holds none
 */
export async function handOnShare(custodyOf: (hpkeKey: string) => KeyCustody | undefined, header: BackupHeader, requester: string): Promise<string> {
  for (const { party, hpkeKey, box } of header.recovery.shares) {
    const custody = custodyOf(hpkeKey);
    if (!custody) continue;
    const pair = heldHpkeKeyPair(custody.hpkePublicKey, (publicKey) => custody.agreeHpke(publicKey));
    const share = await openBox(pair.privateKey, box, { info, aad: placeOf(header, party) });
    const sealed = await sealBox(requester, share, { info: handedOnInfo, aad: placeOf(header, party) });
    share.fill(0);
    return JSON.stringify({ party, ...sealed });
  }
  throw new BoopError('backup.no-share', 'this custodian holds no share of the key of this backup');
}

/** @throws BoopError `backup.too-few-shares`, `box.unopenable`; a key that is wrong all the same opens no chunk */
export async function combineShares(pair: HpkeKeyPair, header: BackupHeader, handedOn: readonly { party: number; enc: string; ciphertext: string }[]): Promise<Uint8Array> {
  const byParty = new Map(handedOn.map((share) => [share.party, share]));
  if (byParty.size < header.recovery.threshold) throw new BoopError('backup.too-few-shares', `shares of ${header.recovery.threshold} custodians are needed`);
  const shares = await Promise.all([...byParty.values()].map(async ({ party, ...box }) => await openBox(pair.privateKey, box, { info: handedOnInfo, aad: placeOf(header, party) })));
  try {
    return await combine(shares);
  } catch {
    throw new BoopError('backup.wrong-key', 'these shares make no key', { kind: 'fatal' });
  }
}

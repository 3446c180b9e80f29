import { type KeyCustody } from '@boop/platform';
import { type HpkeKeyPair, importHpkeKeyPair } from '@boop/protocol';
import { BoopError } from '@boop/shared';

/** The key to which shares for this node are sealed, as the manifest names it. @throws BoopError `node.other-hpke-key` */
export async function openHpkeKey(custody: KeyCustody, manifestKey: string): Promise<HpkeKeyPair> {
  const secret = custody.hpkePrivateKey();
  try {
    const pair = await importHpkeKeyPair(secret);
    if (pair.publicKey !== manifestKey) throw new BoopError('node.other-hpke-key', 'the manifest names another HPKE key for this node', { kind: 'fatal' });
    return pair;
  } finally {
    secret.fill(0);
  }
}

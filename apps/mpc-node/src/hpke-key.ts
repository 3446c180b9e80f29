import { type KeyCustody } from '@boop/platform';
import { deriveHpkeKeyPair, type HpkeKeyPair, importHpkeKeyPair } from '@boop/protocol';
import { BoopError } from '@boop/shared';

/**
 * The key to which shares for this node are sealed, which the manifest names: custody's X25519 key itself, or the pair derived from it
 * as key material (RFC 9180 section 7.1.3) by custodies that hold a seed.
 * @throws BoopError `node.other-hpke-key`
 */
export async function openHpkeKey(custody: KeyCustody, manifestKey: string): Promise<HpkeKeyPair> {
  const secret = custody.hpkePrivateKey();
  try {
    for (const open of [importHpkeKeyPair, deriveHpkeKeyPair]) {
      const pair = await open(secret);
      if (pair.publicKey === manifestKey) return pair;
    }
  } finally {
    secret.fill(0);
  }
  throw new BoopError('node.other-hpke-key', 'the manifest names another HPKE key for this node', { kind: 'fatal' });
}

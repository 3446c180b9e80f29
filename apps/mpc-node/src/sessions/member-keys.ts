import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { type NetworkManifest } from '@boop/protocol';
import { concatBytes, fromBase64Url, type PartyId } from '@boop/shared';
import { type MemberVerifier } from './certified.ts';

/** SubjectPublicKeyInfo header of an Ed25519 key (RFC 8410 section 4); the 32 key bytes follow. */
const spkiHeader = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);
/** Signatures of some twenty sessions. */
const rememberedMax = 512;

/**
 * Verifies by OpenSSL under the identity keys in the manifest. A session carries dozens of signatures and shows each several times, as it comes,
 * before the token and at the end: those that were valid are remembered, by party, signature and hash of what was signed, the oldest going first.
 */
export function memberVerifier(manifest: NetworkManifest, limit: number = rememberedMax): MemberVerifier {
  const keys = new Map<number, KeyObject>(
    manifest.members.map(({ party, identityKey }) => [
      party,
      createPublicKey({ key: Buffer.from(concatBytes(spkiHeader, fromBase64Url(identityKey))), format: 'der', type: 'spki' }),
    ]),
  );
  const valid = new Set<string>();
  return {
    verify(party: PartyId, bytes, signature) {
      const key = keys.get(party);
      if (key === undefined || signature.length !== 64) return false;
      const seen = hash('sha256', concatBytes(Uint8Array.of(party), signature, bytes));
      if (valid.has(seen)) return true;
      if (!verify(null, bytes, key, signature)) return false;
      const [oldest] = valid;
      if (oldest !== undefined && valid.size >= limit) valid.delete(oldest);
      valid.add(seen);
      return true;
    },
  };
}

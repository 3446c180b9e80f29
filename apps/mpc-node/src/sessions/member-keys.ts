import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type NetworkManifest } from '@boop/protocol';
import { concatBytes, fromBase64Url, type PartyId } from '@boop/shared';
import { type MemberVerifier } from './certified.ts';

/** SubjectPublicKeyInfo header of an Ed25519 key (RFC 8410 section 4); the 32 key bytes follow. */
const spkiHeader = Uint8Array.of(0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0);

/** Verifies by OpenSSL under the identity keys in the manifest: a session carries dozens of signatures. */
export function memberVerifier(manifest: NetworkManifest): MemberVerifier {
  const keys = new Map<number, KeyObject>(
    manifest.members.map(({ party, identityKey }) => [
      party,
      createPublicKey({ key: Buffer.from(concatBytes(spkiHeader, fromBase64Url(identityKey))), format: 'der', type: 'spki' }),
    ]),
  );
  return {
    verify(party: PartyId, bytes, signature) {
      const key = keys.get(party);
      return key !== undefined && signature.length === 64 && verify(null, bytes, key, signature);
    },
  };
}

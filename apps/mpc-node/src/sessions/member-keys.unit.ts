import { generateKeyPairSync, sign as signWithNode } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { type NetworkManifest } from '@boop/protocol';
import { partyId, utf8 } from '@boop/shared';
import { memberVerifier } from './member-keys.ts';

const signers = [1, 2].map(() => generateKeyPairSync('ed25519'));
const manifest = { members: signers.map(({ publicKey }, at) => ({ party: at + 1, identityKey: publicKey.export({ format: 'jwk' }).x })) } as unknown as NetworkManifest;
const sign = (text: string): Uint8Array => new Uint8Array(signWithNode(null, utf8(text), signers[0]!.privateKey));

describe('the verifier of members', () => {
  test.each([512, 1])('takes a valid signature every time, and nothing near it, when it remembers %i', (limit) => {
    const members = memberVerifier(manifest, limit);
    const [signature, other] = [sign('statement'), sign('other')];
    for (let round = 0; round < 3; round++) {
      expect(members.verify(partyId(1), utf8('statement'), signature)).toBe(true);
      expect(members.verify(partyId(1), utf8('other'), other)).toBe(true);
      expect(members.verify(partyId(2), utf8('statement'), signature)).toBe(false);
      expect(members.verify(partyId(9), utf8('statement'), signature)).toBe(false);
      expect(members.verify(partyId(1), utf8('statements'), signature)).toBe(false);
      expect(members.verify(partyId(1), utf8('statement'), other)).toBe(false);
      expect(members.verify(partyId(1), utf8('statement'), signature.map((byte, at) => (at === 63 ? byte ^ 1 : byte)))).toBe(false);
      expect(members.verify(partyId(1), utf8('statement'), signature.slice(1))).toBe(false);
    }
  });
});

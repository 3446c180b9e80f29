import { bytesField, verifySignature } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { type NetworkManifest } from './manifest.ts';

/** A document signed by custodians with the identity keys of their nodes. */
export const custodianSignaturesSchema = z.strictObject({
  method: z.literal('custodians'),
  signatures: z.array(z.strictObject({ party: z.number().int().min(1).max(255), signature: bytesField(64) })).min(2).max(7),
});
export type CustodianSignatures = z.infer<typeof custodianSignaturesSchema>;

/**
 * No t custodians are believed: it takes t+1 members of the manifest.
 * @throws BoopError `custodians.bad-signatures`
 */
export function verifyCustodians(domain: string, document: Uint8Array, { signatures }: CustodianSignatures, { members, threshold }: Pick<NetworkManifest, 'members' | 'threshold'>): void {
  const parties = new Set(signatures.map(({ party }) => party));
  const genuine = signatures.every(({ party, signature }) => {
    const member = members.find((candidate) => candidate.party === party);
    return member !== undefined && verifySignature(domain, document, signature, member.identityKey);
  });
  if (!genuine || parties.size !== signatures.length || parties.size < threshold + 1) throw new BoopError('custodians.bad-signatures', 'the document is not signed by enough custodians of this network');
}

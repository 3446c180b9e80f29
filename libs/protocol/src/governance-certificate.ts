import { bytesField, idField, secondsField, verifySignature } from '@boop/identity';
import { BoopError, canonicalJson } from '@boop/shared';
import { z } from 'zod';
import { manifestDigest, type NetworkManifest } from './manifest.ts';

const hash = bytesField(32);
const epoch = z.number().int().positive();

export const epochReadinessDomain = 'boop-epoch/1';

/** What every member of a new epoch signs once it holds its shares of everything, durably. */
export const epochReadinessSchema = z.strictObject({
  v: z.literal(1),
  networkId: idField,
  from: epoch,
  to: epoch,
  /** Digest of the manifest of the new epoch. */
  manifest: hash,
  /** 16 bytes. */
  attempt: bytesField(16),
  /** Rows of the galleries of both epochs, and their running digest. */
  head: z.strictObject({ rows: z.number().int().min(0).max(2 ** 32 - 1), digest: hash }),
  /** SHA-256 over the public sides of the new key shares, in the order of the keys' names. */
  keys: hash,
  /** Of the leader's choosing, for the entry of the log. */
  time: secondsField,
});
export type EpochReadiness = z.infer<typeof epochReadinessSchema>;

export const epochCertificateSchema = z.strictObject({
  readiness: epochReadinessSchema,
  signatures: z.array(z.strictObject({ party: z.number().int().min(1).max(255), signature: bytesField(64) })).min(3).max(7),
});
export type EpochCertificate = z.infer<typeof epochCertificateSchema>;

/** Canonical bytes under the domain {@link epochReadinessDomain}. */
export const epochReadinessBytes = (readiness: EpochReadiness): Uint8Array => canonicalJson(readiness);

/** @throws BoopError `epoch.certificate` unless every member of the epoch of this manifest has signed, in order, that it is ready for it */
export function checkEpochCertificate({ readiness, signatures }: EpochCertificate, manifest: NetworkManifest): void {
  const bytes = epochReadinessBytes(readiness);
  const complete =
    readiness.networkId === manifest.networkId &&
    readiness.to === manifest.epoch &&
    readiness.manifest === manifestDigest(manifest) &&
    signatures.length === manifest.members.length &&
    signatures.every(({ party, signature }, at) => party === at + 1 && verifySignature(epochReadinessDomain, bytes, signature, manifest.members[at]!.identityKey));
  if (!complete) throw new BoopError('epoch.certificate', 'not every member has said that it is ready', { kind: 'peer' });
}

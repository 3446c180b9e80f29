import { bytesField, idField, ownerSignatureSchema, secondsField, separated, verifyOwnerSignature } from '@boop/identity';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { custodianSignaturesSchema, verifyCustodians } from './custodian-signatures.ts';
import { type LogEntry, logEntryBytes } from './log-entries.ts';
import { type NetworkManifest } from './manifest.ts';

export const palmErasureDomain = 'boop-palm-erasure/1';

/** A person has their palms taken out of the network, or t+1 custodians have: everything that the account registered until then. */
export const palmErasureSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('palm-erasure'),
  networkId: idField,
  accountKey: bytesField(32),
  requestedAt: secondsField,
  /** For those who have to answer for it where custodians signed; not in the log. */
  reason: z.string().max(200).optional(),
  nonce: bytesField(32),
});
export type PalmErasure = z.infer<typeof palmErasureSchema>;
/** The consent's time is over. Nobody signs that: each node looks into its own record of the registration, so anybody may point it out. */
export const retentionEndSchema = z.strictObject({ method: z.literal('retention'), split: bytesField(32) });
export const signedPalmErasureSchema = z.strictObject({ record: palmErasureSchema, signed: z.union([ownerSignatureSchema, custodianSignaturesSchema, retentionEndSchema]) });
export type SignedPalmErasure = z.infer<typeof signedPalmErasureSchema>;

export const palmErasureBytes = (record: PalmErasure): Uint8Array => canonicalJson(record);

/** The same at all nodes, so that their receipts are of one entry. */
export function retentionEnd({ networkId, accountKey, split, retainUntil }: { networkId: string; accountKey: string; split: string; retainUntil: number }): SignedPalmErasure {
  return { record: { v: 1, kind: 'palm-erasure', networkId, accountKey, requestedAt: retainUntil, nonce: split }, signed: { method: 'retention', split } };
}

/**
 * Signed by the account, or by t+1 custodians; or of the form of {@link retentionEnd}, which proves nothing by itself.
 * @throws BoopError `erasure.wrong-network`, `erasure.not-due`, `owner.bad-signature`, `passkey.invalid`, `custodians.bad-signatures`
 */
export function verifyPalmErasure({ record, signed }: SignedPalmErasure, manifest: NetworkManifest): void {
  if (record.networkId !== manifest.networkId) throw new BoopError('erasure.wrong-network', 'the request is for another network');
  if (signed.method === 'retention') {
    if (record.nonce !== signed.split || record.reason !== undefined) throw new BoopError('erasure.not-due', 'no registration ends so');
    return;
  }
  if (signed.method === 'custodians') verifyCustodians(palmErasureDomain, palmErasureBytes(record), signed, manifest);
  else verifyOwnerSignature(palmErasureDomain, palmErasureBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: record.requestedAt });
}

/** The log's entry of it: what all nodes sign once they have erased. It names nobody; whoever has the request can tell that it is meant. */
export function palmErasureEntry(record: PalmErasure, epoch: number): Uint8Array {
  const entry: LogEntry = { v: 1, networkId: record.networkId, epoch, time: record.requestedAt, kind: 'erasure', scope: 'templates', receipt: toBase64Url(sha256(separated('boop-palm-erasure-receipt/1', palmErasureBytes(record)))) };
  return logEntryBytes(entry);
}

import { bytesField, idField, ownerSignatureSchema, secondsField, separated, verifyOwnerSignature } from '@boop/identity';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { type LogEntry, logEntryBytes } from './log-entries.ts';

export const palmErasureDomain = 'boop-palm-erasure/1';

/** A person has their palms taken out of the network: everything that the account registered until then. */
export const palmErasureSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('palm-erasure'),
  networkId: idField,
  accountKey: bytesField(32),
  requestedAt: secondsField,
  nonce: bytesField(32),
});
export type PalmErasure = z.infer<typeof palmErasureSchema>;
export const signedPalmErasureSchema = z.strictObject({ record: palmErasureSchema, signed: ownerSignatureSchema });
export type SignedPalmErasure = z.infer<typeof signedPalmErasureSchema>;

export const palmErasureBytes = (record: PalmErasure): Uint8Array => canonicalJson(record);

/** @throws BoopError `erasure.wrong-network`, `owner.bad-signature`, `passkey.invalid` */
export function verifyPalmErasure({ record, signed }: SignedPalmErasure, networkId: string): void {
  if (record.networkId !== networkId) throw new BoopError('erasure.wrong-network', 'the request is for another network');
  verifyOwnerSignature(palmErasureDomain, palmErasureBytes(record), signed, { networkId, accountKey: record.accountKey, at: record.requestedAt });
}

/** The log's entry of it: what all nodes sign once they have erased. It names nobody; whoever has the request can tell that it is meant. */
export function palmErasureEntry(record: PalmErasure, epoch: number): Uint8Array {
  const entry: LogEntry = { v: 1, networkId: record.networkId, epoch, time: record.requestedAt, kind: 'erasure', scope: 'templates', receipt: toBase64Url(sha256(separated('boop-palm-erasure-receipt/1', palmErasureBytes(record)))) };
  return logEntryBytes(entry);
}

import { canonicalJson } from '@boop/shared';
import { z } from 'zod';
import { attributeNameSchema } from '../attributes/names.ts';
import { attributeVersionSchema } from '../attributes/record.ts';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { separated } from '../keys.ts';

/** A grant is good for so long, seconds. */
export const recordGrantLifeSeconds = 10;

/** A node's word to the storage side: hand out this one record, once. 2t+1 nodes give equal ones or nothing is handed out. */
export const recordGrantSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('record-grant'),
  networkId: idField,
  personId: bytesField(32),
  attribute: attributeNameSchema,
  version: attributeVersionSchema,
  /** The document that the node keeps of that version; it names the hash of the ciphertext. */
  document: bytesField(32),
  /** X25519 key to which the nodes have sealed their partial results. */
  recipientKey: bytesField(32),
  /** Hash of the owner's request, or of session and attribute: one is answered once. */
  basis: bytesField(32),
  by: z.enum(['device', 'palm']),
  /** Absent when the owner reads. */
  consentId: idField.optional(),
  vendorId: idField.optional(),
  expiresAt: secondsField,
});
export type RecordGrant = z.infer<typeof recordGrantSchema>;

export const signedRecordGrantSchema = z.strictObject({ party: z.number().int().min(1).max(255), grant: recordGrantSchema, signature: bytesField(64) });
export type SignedRecordGrant = z.infer<typeof signedRecordGrantSchema>;

/** What a node's identity key signs. */
export const recordGrantBytes = (grant: RecordGrant): Uint8Array => separated('boop-record-grant/1', canonicalJson(grant));

/** What grants of several nodes must have in common; each node's clock sets its own expiry. */
export const grantSubject = ({ expiresAt: _, ...subject }: RecordGrant): string => new TextDecoder().decode(canonicalJson(subject));

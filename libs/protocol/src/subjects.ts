import { bytesField, idField, ownerSignatureSchema, positionSchema, secondsField, separated, signedOwnerCallSchema, verifyOwnerSignature } from '@boop/identity';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { custodianSignaturesSchema, verifyCustodians } from './custodian-signatures.ts';
import { type LogEntry, logEntryBytes, logProofSchema } from './log-entries.ts';
import { type NetworkManifest } from './manifest.ts';
import { signedPalmErasureSchema } from './palm-erasure.ts';

export const subjectOrderDomain = 'boop-subject-order/1';

/** A person has the network recognise none of their palms for a while, or again. Custodians may too; each lifts only what it has ordered. */
export const subjectOrderSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('subject-order'),
  networkId: idField,
  action: z.enum(['suspend', 'resume']),
  accountKey: bytesField(32),
  /** The newest order counts; of one second, the suspension. */
  requestedAt: secondsField,
  /** For those who have to answer for it; not in the log. */
  reason: z.string().max(200).optional(),
  nonce: bytesField(32),
});
export type SubjectOrder = z.infer<typeof subjectOrderSchema>;
export const signedSubjectOrderSchema = z.strictObject({ record: subjectOrderSchema, signed: z.union([ownerSignatureSchema, custodianSignaturesSchema]) });
export type SignedSubjectOrder = z.infer<typeof signedSubjectOrderSchema>;

export const subjectOrderBytes = (record: SubjectOrder): Uint8Array => canonicalJson(record);

/** Who ordered it. */
export const ordererOf = ({ signed }: SignedSubjectOrder): 'owner' | 'custodians' => (signed.method === 'custodians' ? 'custodians' : 'owner');

/** @throws BoopError `subject.wrong-network`, `owner.bad-signature`, `passkey.invalid`, `custodians.bad-signatures` */
export function verifySubjectOrder({ record, signed }: SignedSubjectOrder, manifest: NetworkManifest): void {
  if (record.networkId !== manifest.networkId) throw new BoopError('subject.wrong-network', 'the order is for another network');
  if (signed.method === 'custodians') verifyCustodians(subjectOrderDomain, subjectOrderBytes(record), signed, manifest);
  else verifyOwnerSignature(subjectOrderDomain, subjectOrderBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: record.requestedAt });
}

/** The log's entry of it, which names nobody: what nodes sign once they obey. */
export function subjectOrderEntry(record: SubjectOrder, epoch: number): Uint8Array {
  const entry: LogEntry = { v: 1, networkId: record.networkId, epoch, time: record.requestedAt, kind: 'suspension', action: record.action, receipt: toBase64Url(sha256(separated('boop-subject-order-receipt/1', subjectOrderBytes(record)))) };
  return logEntryBytes(entry);
}

/** What a node keeps of a person, besides shares, which tell nothing. */
export const subjectRecordSchema = z.strictObject({
  networkId: idField,
  accountKey: bytesField(32),
  /** Epoch that the node serves: the version of its shares. */
  epoch: z.number().int().positive(),
  /** Who has suspended the person. */
  suspendedBy: z.array(z.enum(['owner', 'custodians'])).max(2),
  registrations: z.array(
    z.strictObject({
      /** Names of the session, the split and the signed consent, as the log's entry has them. */
      session: bytesField(32),
      split: bytesField(32),
      consent: bytesField(32),
      positions: z.array(positionSchema).max(2),
      encoder: idField,
      verified: z.boolean(),
      /** Epoch in which it was registered. */
      epoch: z.number().int().positive(),
      registeredAt: secondsField,
      /** The log's entry of the registration, base64url. */
      entry: z.string().max(2_000),
      /** When it is erased by itself. */
      retainUntil: secondsField.optional(),
      /** Split of the registration whose place it has taken. */
      replaces: bytesField(32).optional(),
      /** Of its shares nothing is left: it was erased, or another one has taken its place. */
      erased: z.boolean(),
    }),
  ).max(256),
  /** Newest orders, with their signatures. */
  orders: z.array(signedSubjectOrderSchema).max(2),
  /** Requests for which shares were deleted. */
  erasures: z.array(signedPalmErasureSchema).max(256),
});
export type SubjectRecord = z.infer<typeof subjectRecordSchema>;

/** `GET /v1/subjects/me` */
export const subjectSchema = z.strictObject({
  accountKey: bytesField(32),
  status: z.enum(['active', 'suspended', 'erased']),
  suspendedBy: subjectRecordSchema.shape.suspendedBy,
  registrations: z.number().int().min(0),
});
export type Subject = z.infer<typeof subjectSchema>;

/** `GET /v1/subjects/me/export`: all that the nodes hold about a person, with the log's proofs as far as checkpoints include them. */
export const subjectExportSchema = z.strictObject({
  v: z.literal(1),
  exportedAt: secondsField,
  /** So many nodes answered the same. */
  nodes: z.number().int().min(2),
  record: subjectRecordSchema,
  /** Of all entries of the log about this person; without a proof while no checkpoint includes the entry. */
  proofs: z.array(z.strictObject({ kind: z.enum(['registration', 're-enrolment', 'consent', 'suspension', 'erasure']), logEntry: z.string(), proof: logProofSchema.optional() })).max(1_024),
});
export type SubjectExport = z.infer<typeof subjectExportSchema>;

/** `POST /v1/subjects/suspend`, `/resume`; the signed order is the credential. */
export const orderSubjectSchema = z.strictObject({ order: signedSubjectOrderSchema });
/** `POST /v1/subjects/erase`; the signed request is the credential. */
export const eraseSubjectSchema = z.strictObject({ request: signedPalmErasureSchema });
export const subjectReceiptSchema = z.strictObject({
  /** Names the log's entry. */
  logEntry: z.string(),
  /** The entry's bytes, base64url, which every receipt signs. */
  entry: z.string(),
  receipts: z.array(z.strictObject({ party: z.number().int(), signature: bytesField(64) })).max(7),
  /** Nodes that do it when they come back. */
  pending: z.array(z.number().int()).max(7),
});
export type SubjectReceipt = z.infer<typeof subjectReceiptSchema>;

/** Paths that owners sign when they ask about themselves, or for a session to register anew. */
export const subjectPaths = { me: '/v1/subjects/me', export: '/v1/subjects/me/export', reEnrol: '/v1/subjects/re-enrol' } as const;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, { message: 'must be bytes' });
/** gateway → node. Nothing is answered on the gateway's word: what the person signed travels along. */
export const subjectNodeMethods = {
  'subject.order': { body: orderSubjectSchema, answer: z.strictObject({ entry: bytes, receipts: subjectReceiptSchema.shape.receipts, pending: subjectReceiptSchema.shape.pending }) },
  'subject.read': { body: z.strictObject({ call: signedOwnerCallSchema }), answer: subjectRecordSchema },
} as const;

import {
  attributeNameSchema, bytesField, idField, purposeTextSchema, secondsField, signedErasureRequestSchema, signedGrantSchema, signedOwnerCallSchema, signedRevocationSchema,
} from '@boop/identity';
import { z } from 'zod';
import { logProofSchema } from './log-entries.ts';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, { message: 'must be bytes' });

/** `pending`: the nodes have not all confirmed yet that they know; a revoked consent releases nothing from the moment it says `revoked`. */
export const consentStatuses = ['pending', 'active', 'expired', 'revoking', 'revoked'] as const;

/** A consent as its owner sees it. */
export const consentSchema = z.strictObject({
  consentId: idField,
  status: z.enum(consentStatuses),
  grant: signedGrantSchema,
  revokedAt: secondsField.optional(),
  /** Names the newest log entry of this consent. */
  logEntry: z.string(),
});
export type Consent = z.infer<typeof consentSchema>;

export const consentActions = ['given', 'changed', 'withdrawn'] as const;
export type ConsentAction = (typeof consentActions)[number];

/** What a person keeps: verifies offline, with the log's key alone. */
export const consentReceiptSchema = z.strictObject({
  v: z.literal(1),
  action: z.enum(consentActions),
  document: z.union([signedGrantSchema, signedRevocationSchema]),
  /** Opens the commitment in the log entry; 32 bytes. */
  opening: bytesField(32),
  proof: logProofSchema,
});
export type ConsentReceipt = z.infer<typeof consentReceiptSchema>;

/** A receipt whose entry no checkpoint includes yet has no proof. */
export const consentReceiptsSchema = z.strictObject({ receipts: z.array(consentReceiptSchema.partial({ proof: true }).extend({ logEntry: z.string() })).max(200) });
export type ConsentReceipts = z.infer<typeof consentReceiptsSchema>;

/** `POST /v1/consents` and `POST /v1/consents/{id}/revoke`: the signed document is the authentication. */
export const createConsentSchema = z.strictObject({ grant: signedGrantSchema });
export const revokeConsentSchema = z.strictObject({ revocation: signedRevocationSchema });
export const createPurposeTextSchema = purposeTextSchema;
export const purposeTextsSchema = z.strictObject({ texts: z.array(purposeTextSchema.extend({ hash: bytesField(32) })).max(1_000) });

export const consentListSchema = z.strictObject({ consents: z.array(consentSchema).max(100), nextCursor: z.string().max(64).optional() });
export const eraseOwnerSchema = z.strictObject({ request: signedErasureRequestSchema });
export const erasedSchema = z.strictObject({ consents: z.number().int().min(0), attributes: z.number().int().min(0), logEntry: z.string() });

const owner = { call: signedOwnerCallSchema };
const noticed = { vendorId: idField, consentId: idField, purpose: idField };
/** What a vendor is told of a consent, once the nodes hold the document. `grant`: hash of the grant, base64url. */
export const consentNoticeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('granted'), ...noticed, grant: bytesField(32), attributes: z.array(attributeNameSchema), grantedAt: secondsField, expiresAt: secondsField }),
  z.strictObject({ kind: z.literal('revoked'), ...noticed, revokedAt: secondsField }),
]);
export type ConsentNotice = z.infer<typeof consentNoticeSchema>;

/** An event of a consent that the gateway has yet to hand on: an entry to the log, or a notice to the vendor, or both. */
export const consentEventSchema = z.strictObject({
  sequence: z.number().int().min(1),
  entry: bytes.optional(),
  notify: consentNoticeSchema.optional(),
});
export type ConsentEvent = z.infer<typeof consentEventSchema>;

/** Paths that owners sign when they read, see `OwnerCall`. */
export const consentPaths = {
  list: '/v1/consents',
  one: (consentId: string) => `/v1/consents/${consentId}`,
  receipts: (consentId: string) => `/v1/consents/${consentId}/receipts`,
} as const;

/** gateway → attributes. Nothing here is answered on the gateway's word: the owner's signature travels along. */
export const consentMethods = {
  'consents.grant': { body: z.strictObject({ grant: signedGrantSchema }), answer: z.strictObject({ consent: consentSchema, created: z.boolean() }) },
  'consents.revoke': { body: z.strictObject({ revocation: signedRevocationSchema }), answer: consentSchema },
  'consents.list': { body: z.strictObject({ ...owner, after: z.string().max(64).optional(), limit: z.number().int().min(1).max(100), status: z.enum(consentStatuses).optional() }), answer: consentListSchema },
  'consents.get': { body: z.strictObject({ ...owner, consentId: idField }), answer: consentSchema },
  'consents.receipts': { body: z.strictObject({ ...owner, consentId: idField }), answer: consentReceiptsSchema },
  'consents.texts': { body: z.strictObject({}), answer: purposeTextsSchema },
  'consents.publish-text': { body: purposeTextSchema, answer: z.strictObject({ hash: bytesField(32), created: z.boolean() }) },
  'consents.erase': { body: z.strictObject({ request: signedErasureRequestSchema }), answer: erasedSchema },
  /** What waits to be handed on, oldest first, until it is settled: at least once. */
  'consents.events': { body: z.strictObject({ limit: z.number().int().min(1).max(100) }), answer: z.strictObject({ events: z.array(consentEventSchema).max(100) }) },
  'consents.settle': { body: z.strictObject({ sequences: z.array(z.number().int().min(1)).max(100) }), answer: z.strictObject({}) },
} as const;


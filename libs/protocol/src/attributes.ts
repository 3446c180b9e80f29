import {
  attributeDefinitionSchema,
  attributeDocumentSchema,
  attributeIssuerSchema,
  attributeNameSchema,
  attributeVersionSchema,
  blobField,
  bytesField,
  feedDocumentSchema,
  idField,
  releasedRecordSchema,
  sealedPartialSchema,
  sealedSchema,
  signedAttributeSchema,
  signedRecordGrantSchema,
  signedRecordRequestSchema,
} from '@boop/identity';
import { z } from 'zod';

/** Links of the attributes service: method → schemas of body and answer. */
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, { message: 'must be bytes' });
const party = z.number().int().min(1).max(255);
const hash = bytesField(32);
const sequence = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const nothing = z.strictObject({});

/** Documents of one `feed.apply`. */
export const feedDocumentsMax = 64;

/** What a node did with a document: kept it, with its receipt, or refused it for good. */
export const feedOutcomeSchema = z.union([z.strictObject({ receipt: bytesField(64) }), z.strictObject({ refused: z.string().max(64) })]);
export type FeedOutcome = z.infer<typeof feedOutcomeSchema>;

/** attributes → node */
export const attributeNodeMethods = {
  /** How far the feed goes, and when that was so; a node that has not heard it for two seconds releases nothing. */
  'feed.heartbeat': { body: z.strictObject({ seq: sequence, digest: hash, timeMs: z.number().int().min(0) }), answer: z.strictObject({ seq: sequence, digest: hash }) },
  /** The documents after `after`, whose running digest the node must have. */
  'feed.apply': {
    body: z.strictObject({ after: sequence, documents: z.array(feedDocumentSchema).min(1).max(feedDocumentsMax) }),
    answer: z.strictObject({ seq: sequence, digest: hash, outcomes: z.array(feedOutcomeSchema).max(feedDocumentsMax) }),
  },
  /** One node's part in a release that the owner's device asked for. No grant comes with the key of a version that is not written yet. */
  'record.evaluate': {
    body: z.strictObject({ request: signedRecordRequestSchema }),
    answer: z.strictObject({ partial: sealedPartialSchema, grant: signedRecordGrantSchema.optional() }),
  },
  'keys.get': { body: z.strictObject({ name: idField }), answer: z.strictObject({ key: bytes }) },
} as const;

/** What the storage side hands out for 2t+1 equal grants. */
export const storedRecordSchema = z.strictObject({ document: attributeDocumentSchema, attested: bytesField(64).optional(), ciphertext: blobField(8_192) });
export type StoredRecord = z.infer<typeof storedRecordSchema>;

/** node → attributes */
export const storageMethods = {
  'record.open': {
    /** One list of grants for each record. */
    body: z.strictObject({ grants: z.array(z.array(signedRecordGrantSchema).min(3).max(7)).min(1).max(32) }),
    answer: z.strictObject({ records: z.array(storedRecordSchema).max(32) }),
  },
} as const;

export const releaseLogEntrySchema = z.strictObject({
  releaseId: hash,
  at: z.number().int().min(0),
  attribute: attributeNameSchema,
  version: attributeVersionSchema,
  by: z.enum(['device', 'palm']),
  consentId: idField.optional(),
  vendorId: idField.optional(),
});
export type ReleaseLogEntry = z.infer<typeof releaseLogEntrySchema>;

/** One version of one attribute as its owner sees it listed: no value. */
export const attributeEntrySchema = z.strictObject({ document: attributeDocumentSchema, attested: bytesField(64).optional(), writtenAt: z.number().int().min(0) });
export type AttributeEntry = z.infer<typeof attributeEntrySchema>;

const exclude = z.array(party).max(7).optional();

/** gateway → attributes */
export const attributesMethods = {
  'registry.get': { body: nothing, answer: z.strictObject({ definitions: z.array(attributeDefinitionSchema), issuers: z.array(attributeIssuerSchema) }) },
  'registry.define': { body: attributeDefinitionSchema, answer: nothing },
  'registry.accredit': { body: attributeIssuerSchema, answer: nothing },
  /** The group key `attributes` as t+1 nodes agree on it, serialised. */
  'attributes.key': { body: nothing, answer: z.strictObject({ key: bytes }) },
  /** The next version that may be written. */
  'record.next': { body: z.strictObject({ accountKey: bytesField(32), attribute: attributeNameSchema }), answer: z.strictObject({ version: attributeVersionSchema }) },
  /** Partial keys for a version that is to be written. `exclude` names parties whose answers were found wrong. */
  'record.key': { body: z.strictObject({ request: signedRecordRequestSchema, exclude }), answer: z.strictObject({ partials: z.array(sealedPartialSchema).max(7) }) },
  /** Resolves once N − t nodes keep the document. The commitment hides it; the opening is deleted at erasure. */
  'record.put': {
    body: z.strictObject({ attribute: signedAttributeSchema, ciphertext: blobField(8_192) }),
    answer: z.strictObject({ commitment: hash, opening: hash }),
  },
  'record.list': { body: z.strictObject({ accountKey: bytesField(32) }), answer: z.strictObject({ attributes: z.array(attributeEntrySchema).max(1_024) }) },
  'record.read': { body: z.strictObject({ request: signedRecordRequestSchema, exclude }), answer: z.strictObject({ record: releasedRecordSchema }) },
  /** Sealed to the vendor whom the consent names. */
  'record.release': { body: z.strictObject({ request: signedRecordRequestSchema, exclude }), answer: z.strictObject({ sealed: sealedSchema }) },
  'release.log': { body: z.strictObject({ accountKey: bytesField(32), before: z.number().int().min(0).optional(), limit: z.number().int().min(1).max(200) }), answer: z.strictObject({ releases: z.array(releaseLogEntrySchema).max(200) }) },
} as const;

/** Bodies and answers under `/v1/attributes`. */
export const registrySchema = attributesMethods['registry.get'].answer;
export const createAttributeSchema = attributesMethods['record.put'].body;
export const attributeWrittenSchema = z.strictObject({ recordId: hash, version: attributeVersionSchema, logEntry: hash, opening: hash });
export const attributeListSchema = attributesMethods['record.list'].answer;
export const recordRequestBodySchema = z.strictObject({ request: signedRecordRequestSchema, exclude });
export const recordKeySchema = attributesMethods['record.key'].answer;
export const recordReadSchema = attributesMethods['record.read'].answer;
export const recordReleasedSchema = attributesMethods['record.release'].answer;
export const releaseLogSchema = attributesMethods['release.log'].answer;
export const nextVersionSchema = attributesMethods['record.next'].answer;
/** The serialised group key, base64url. */
export const attributesKeySchema = z.strictObject({ key: blobField(4_096) });

export const attributePaths = {
  list: '/v1/attributes',
  next: (attribute: string) => `/v1/attributes/${attribute}/next-version`,
  releases: '/v1/attributes/releases',
  registry: '/v1/attributes/registry',
  key: '/v1/attributes/key',
  keys: '/v1/attributes/keys',
  reads: '/v1/attributes/reads',
  definitions: '/v1/attributes/definitions',
  issuers: '/v1/attributes/issuers',
} as const;

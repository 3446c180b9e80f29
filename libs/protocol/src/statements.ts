import { bytesField, idField, separated } from '@boop/identity';
import { canonicalJson } from '@boop/shared';
import { z } from 'zod';

const committee = z.array(z.number().int().min(1).max(255)).min(3).max(7);

export const decisionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('one'), row: z.number().int().min(0) }),
  z.strictObject({ kind: z.literal('several') }),
  z.strictObject({ kind: z.literal('bit'), bit: z.boolean() }),
]);

/** What one committee decided, as each of its members signs it. Travels between nodes only: it may name a gallery row. */
export const matchStatementSchema = z.strictObject({
  v: z.literal(1),
  networkId: idField,
  epoch: z.number().int().positive(),
  sessionId: bytesField(32),
  splitHash: bytesField(32),
  /** 16-byte run id, base64url: fresh correlations, one decision. */
  runId: bytesField(16),
  operation: z.enum(['identify', 'verify', 'de-duplicate', 'agree', 'recognise']),
  committee,
  /** Nodes whose shares the masked scores were checked over: the committee alone, or 3t+1 and more with it. */
  holders: z.array(z.number().int().min(1).max(255)).min(3).max(7),
  operatingPoint: idField,
  theta: z.number().int(),
  /** Rows of the gallery that were compared: [0, galleryRows). */
  galleryRows: z.number().int().min(0),
  /** The registration, by the hash of its split, whose rows alone `recognise` compared, or which `de-duplicate` left out. */
  renews: bytesField(32).optional(),
  /** Row compared by `verify`. */
  row: z.number().int().min(0).optional(),
  /** Version of that row, or of the one that `identify` named. */
  rowVersion: z.number().int().positive().optional(),
  decision: decisionSchema,
});
export type MatchStatement = z.infer<typeof matchStatementSchema>;

export const signedStatementSchema = z.strictObject({ statement: matchStatementSchema, party: z.number().int().min(1).max(255), signature: bytesField(64) });
export type SignedStatement = z.infer<typeof signedStatementSchema>;

/** Bytes that a member signs with its identity key. */
export const statementBytes = (statement: MatchStatement): Uint8Array => separated('boop-statement/1', canonicalJson(statement));

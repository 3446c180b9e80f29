import { attributeNameSchema, separated } from '@boop/identity';
import { canonicalJson } from '@boop/shared';
import { z } from 'zod';
import { entryReceiptSchema } from './log-entries.ts';

/** Required attributes, by name, that the recognised person has not, or no longer; in the order of the context. */
export const missingNamesSchema = z.array(attributeNameSchema).min(1).max(16);

/**
 * With `user-missing-attributes`: the list that several nodes, each by its own view of what is stored, found and signed as {@link missingAttributesBytes}. t+1 equal
 * lists hold that of an honest node, so whoever gathers them can neither add, drop nor invent a name.
 */
export const missingAttributesSchema = z.strictObject({ names: missingNamesSchema, signatures: z.array(entryReceiptSchema).max(7) });
export type MissingAttributes = z.infer<typeof missingAttributesSchema>;

/** What a list was found about: one split, so nobody else who is shown in the same session. */
export interface MissingSubject {
  readonly networkId: string;
  readonly epoch: number;
  readonly sessionId: string;
  /** As of `splitHash`. */
  readonly splitHash: string;
}

export const missingAttributesBytes = ({ networkId, epoch, sessionId, splitHash }: MissingSubject, names: readonly string[]): Uint8Array =>
  separated('boop-missing-attributes/1', canonicalJson({ networkId, epoch, session: sessionId, split: splitHash, missing: [...names] }));

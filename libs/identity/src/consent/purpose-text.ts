import { type z } from 'zod';
import { idField } from '../encoding.ts';
import { consentTextHash, consentTextSchema } from './registration-consent.ts';

/** What a purpose means, in words: a published version never changes. */
export const purposeTextSchema = consentTextSchema.extend({ purpose: idField });
export type PurposeText = z.infer<typeof purposeTextSchema>;

/** SHA-256 of the canonical JSON, its purpose included; base64url. */
export const purposeTextHash = (text: PurposeText): string => consentTextHash(text);

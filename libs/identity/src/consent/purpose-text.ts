import { type z } from 'zod';
import { idField } from '../encoding.ts';
import { consentTextHash, consentTextSchema } from './registration-consent.ts';

/** What a purpose means, in words: a published version never changes. */
export const purposeTextSchema = consentTextSchema.extend({ purpose: idField });
export type PurposeText = z.infer<typeof purposeTextSchema>;

/** SHA-256 of the canonical JSON, its purpose included; base64url. */
export const purposeTextHash = (text: PurposeText): string => consentTextHash(text);

const english = (purpose: string, title: string, text: string): PurposeText => ({ purpose, version: 'v1', locale: 'en', title, text: `${text} It gets only what is listed, only when one of the listed palms or your own device releases it, and only until the date shown. You can withdraw this at any time; from then on nothing more is released.` });

/** What every network starts with: one purpose for each type of authentication. */
export const commonPurposeTexts: readonly PurposeText[] = [
  english('payment', 'To take a payment', 'The vendor reads these attributes when you pay with your palm.'),
  english('entrance', 'To let you in', 'The vendor reads these attributes when you enter.'),
  english('access', 'To give you access', 'The vendor reads these attributes when you sign in.'),
  english('membership', 'To check a membership', 'The vendor reads these attributes to see that you are a member.'),
  english('age', 'To check your age', 'The vendor reads these attributes to see that you are old enough.'),
];

import { bytesField, idField, positionSchema } from '@boop/identity';
import { canonicalJson, fromBase64Url, fromUtf8, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { sdkError } from '../errors.ts';

/** What a vendor asks a person for, as a link carries it to the person's page. It promises nothing: the person signs what the page shows. */
export const consentRequestSchema = z.strictObject({
  v: z.literal(1),
  vendorId: idField,
  vendorName: z.string().min(1).max(100),
  /** The vendor's HPKE key (X25519), 32 bytes. */
  recipientKey: bytesField(32),
  purpose: idField,
  attributes: z.array(z.strictObject({ name: idField, positions: z.array(positionSchema).min(1).max(2) })).min(1).max(64),
  days: z.number().int().min(1).max(3_650),
});
export type ConsentRequest = z.infer<typeof consentRequestSchema>;

/** Text for a link: base64url of canonical JSON. */
export const formatConsentRequest = (request: ConsentRequest): string => toBase64Url(canonicalJson(consentRequestSchema.parse(request)));

/** @throws BoopError `response.malformed` */
export function parseConsentRequest(text: string): ConsentRequest {
  try {
    return consentRequestSchema.parse(JSON.parse(fromUtf8(fromBase64Url(text.trim()))));
  } catch {
    throw sdkError('response.malformed', { kind: 'peer' });
  }
}

import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url, utf8 } from '@boop/shared';
import { z } from 'zod';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { type SigningKey, verifySignature } from '../keys.ts';

/** A text that people agree to; versions never change once published in the network's manifest. */
export const consentTextSchema = z.strictObject({
  version: idField,
  locale: z.string().max(35),
  title: z.string().max(200),
  text: z.string().max(20_000),
  /** For so long after the registration it may be kept; until it is withdrawn when not given. */
  retentionSeconds: z.number().int().min(1).max(4_000_000_000).optional(),
});
export type ConsentText = z.infer<typeof consentTextSchema>;

export const consentRecordSchema = z.strictObject({
  v: z.literal(1),
  networkId: idField,
  registrationId: idField,
  textVersion: idField,
  /** SHA-256 of the text's canonical JSON. */
  textHash: bytesField(32),
  purposes: z.array(z.enum(['biometric-processing', 'authentication-at-vendors'])).min(1).max(2),
  /** The person's Ed25519 account key, whose holder grants and may revoke. */
  accountKey: bytesField(32),
  /** Hash of the split of a registration of the same account and palms, whose place this one is to take. */
  renews: bytesField(32).optional(),
  givenAt: secondsField,
});
export type ConsentRecord = z.infer<typeof consentRecordSchema>;

export const signedConsentSchema = z.strictObject({ record: consentRecordSchema, signature: bytesField(64) });
export type SignedConsent = z.infer<typeof signedConsentSchema>;

const domain = 'boop-consent/1';

export const consentTextHash = (text: ConsentText): string => toBase64Url(sha256(canonicalJson(text)));
export const consentHash = (consent: SignedConsent): string => toBase64Url(sha256(canonicalJson(consent)));

export function giveConsent(input: { networkId: string; registrationId: string; text: ConsentText; givenAt: number; renews?: string | undefined }, accountKey: SigningKey): SignedConsent {
  const record: ConsentRecord = {
    v: 1,
    networkId: input.networkId,
    registrationId: input.registrationId,
    textVersion: input.text.version,
    textHash: consentTextHash(input.text),
    purposes: ['biometric-processing', 'authentication-at-vendors'],
    accountKey: accountKey.publicKey,
    ...(input.renews !== undefined && { renews: input.renews }),
    givenAt: input.givenAt,
  };
  return { record, signature: accountKey.sign(domain, canonicalJson(record)) };
}

/**
 * Checks a consent against the texts that the network published and the registration it is meant for.
 * @throws BoopError `consent.invalid` (signature, text or purpose), `consent.wrong-registration`
 */
export function verifyConsent(consent: SignedConsent, expected: { networkId: string; registrationId: string; texts: readonly ConsentText[] }): void {
  const { record, signature } = consent;
  if (record.networkId !== expected.networkId || record.registrationId !== expected.registrationId)
    throw new BoopError('consent.wrong-registration', 'the consent was given for another registration');
  const text = expected.texts.find(({ version }) => version === record.textVersion);
  if (!text || consentTextHash(text) !== record.textHash) throw new BoopError('consent.invalid', 'the consent names a text that this network does not use');
  if (!record.purposes.includes('biometric-processing')) throw new BoopError('consent.invalid', 'the consent does not cover biometric processing');
  if (!verifySignature(domain, canonicalJson(record), signature, record.accountKey)) throw new BoopError('consent.invalid', 'the consent is not signed by the account key that it names');
}

/** Bytes of a text as shown to a person. */
export const consentTextBytes = (text: ConsentText): Uint8Array => utf8(`${text.title}\n\n${text.text}\n`);

import { BoopError, canonicalJson, fromBase64Url, fromUtf8, lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import { z } from 'zod';
import { attributeDocumentSchema } from '../attributes/record.ts';
import { blobField, bytesField, secondsField } from '../encoding.ts';
import { separated } from '../keys.ts';

/** RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM);

export const sealedSchema = z.strictObject({ enc: bytesField(32), ciphertext: blobField(64 * 1024) });
export type Sealed = z.infer<typeof sealedSchema>;

/** Recipient of an HPKE message. The secret never prints. */
export interface RecipientKey {
  /** X25519, 32 bytes, base64url. */
  readonly publicKey: string;
  readonly privateKey: Awaited<ReturnType<(typeof suite)['DeserializePrivateKey']>>;
}

/** @param secret 32 bytes (RFC 9180 section 7.1.3); deterministic */
export async function recipientKeyOf(secret: Uint8Array): Promise<RecipientKey> {
  const { privateKey, publicKey } = await suite.DeriveKeyPair(secret, false);
  return { privateKey, publicKey: toBase64Url(await suite.SerializePublicKey(publicKey)) };
}

async function seal(recipientKey: string, info: string, aad: Uint8Array, plaintext: Uint8Array): Promise<Sealed> {
  const key = await suite.DeserializePublicKey(fromBase64Url(recipientKey));
  const { encapsulatedSecret, ciphertext } = await suite.Seal(key, plaintext, { aad, info: utf8(info) });
  return { enc: toBase64Url(encapsulatedSecret), ciphertext: toBase64Url(ciphertext) };
}

async function open(recipient: RecipientKey, info: string, aad: Uint8Array, { enc, ciphertext }: Sealed): Promise<Uint8Array> {
  try {
    return await suite.Open(recipient.privateKey, fromBase64Url(enc), fromBase64Url(ciphertext), { aad, info: utf8(info) });
  } catch {
    throw new BoopError('release.unreadable', 'the message is sealed to another key, or altered');
  }
}

/** What one node says to the recipient: its part of the key, and which document the key belongs to. */
export const partialResultSchema = z.strictObject({
  party: z.number().int().min(1).max(255),
  recordId: bytesField(32),
  /** Hash of the request or of the session, so that the answer can't be kept for another one. */
  basis: bytesField(32),
  /** Hash of the document that this node keeps; absent for a version that is not written yet. */
  document: bytesField(32).optional(),
  time: secondsField,
  /** Partial evaluation with its DLEQ proof. */
  partial: blobField(256),
  /** The node's identity key over the rest. */
  signature: bytesField(64),
});
export type PartialResult = z.infer<typeof partialResultSchema>;

/** What a node's identity key signs in a partial result. */
export const partialResultBytes = ({ signature: _, ...rest }: PartialResult | (Omit<PartialResult, 'signature'> & { signature?: undefined })): Uint8Array => separated('boop-partial-result/1', canonicalJson(rest));

export const sealedPartialSchema = z.strictObject({ party: z.number().int().min(1).max(255), sealed: sealedSchema });
export type SealedPartial = z.infer<typeof sealedPartialSchema>;

const partialInfo = 'boop-release-partial/1';
const partialPlace = (recordId: string, party: number): Uint8Array => lengthPrefixed(fromBase64Url(recordId), utf8(String(party)));

export const sealPartial = async (result: PartialResult, recipientKey: string): Promise<SealedPartial> => ({
  party: result.party,
  sealed: await seal(recipientKey, partialInfo, partialPlace(result.recordId, result.party), canonicalJson(result)),
});

/** @throws BoopError `release.unreadable` */
export async function openPartial(recipient: RecipientKey, recordId: string, { party, sealed }: SealedPartial): Promise<PartialResult> {
  const bytes = await open(recipient, partialInfo, partialPlace(recordId, party), sealed);
  const parsed = partialResultSchema.safeParse(jsonOf(bytes));
  if (!parsed.success || parsed.data.party !== party || parsed.data.recordId !== recordId) throw new BoopError('release.unreadable', 'the partial result does not have the documented form');
  return parsed.data;
}

/** One record on its way to a recipient. */
export const releasedRecordSchema = z.strictObject({
  document: attributeDocumentSchema,
  attested: bytesField(64).optional(),
  ciphertext: blobField(8_192),
  basis: bytesField(32),
  partials: z.array(sealedPartialSchema).min(3).max(7),
});
export type ReleasedRecord = z.infer<typeof releasedRecordSchema>;

/** All that a vendor gets of one authentication or request. */
export const releaseSchema = z.strictObject({ v: z.literal(1), records: z.array(releasedRecordSchema).max(32) });
export type Release = z.infer<typeof releaseSchema>;

const releaseInfo = 'boop-release/1';

/** Hides from whoever carries it which records these are, as they stay the same from one release to the next. */
export const sealRelease = async (release: Release, recipientKey: string): Promise<Sealed> => await seal(recipientKey, releaseInfo, new Uint8Array(), canonicalJson(release));

/** @throws BoopError `release.unreadable` */
export async function openRelease(recipient: RecipientKey, sealed: Sealed): Promise<Release> {
  const parsed = releaseSchema.safeParse(jsonOf(await open(recipient, releaseInfo, new Uint8Array(), sealed)));
  if (!parsed.success) throw new BoopError('release.unreadable', 'the release does not have the documented form');
  return parsed.data;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
}

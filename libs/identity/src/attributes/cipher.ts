import { gcm } from '@noble/ciphers/aes.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, concatBytes, equalBytes, fromBase64Url, fromUtf8, lengthPrefixed, type Rng, toBase64Url, uint32, utf8 } from '@boop/shared';
import { type AttributeDocument, type AttributeKind } from './record.ts';
import { type AttributeValue, attributeValueSchema } from './values.ts';

const nonceBytes = 12;
const tagBytes = 16;
/** A sealed value is never longer than this, bytes. */
export const sealedValueBytesMax = 8_192;
const saltBytes = 16;

/** What a sealed value belongs to; all of it is authenticated with it. */
export interface ValuePlace {
  readonly recordId: string;
  readonly attribute: string;
  readonly version: number;
  readonly source: AttributeKind;
}

/** AES-256 key of one record from the output of the threshold PRF, 32 bytes (HKDF-SHA256, RFC 5869). */
const keyOf = (prfOutput: Uint8Array): Uint8Array => hkdf(sha256, prfOutput, undefined, utf8('boop-attribute-value/1'), 32);
const additionalData = ({ recordId, attribute, version, source }: ValuePlace): Uint8Array => lengthPrefixed(utf8('boop-attribute-value/1'), fromBase64Url(recordId), utf8(attribute), uint32(version), utf8(source));

export interface SealedValue {
  /** nonce ‖ ciphertext ‖ tag. */
  readonly ciphertext: Uint8Array;
  readonly ciphertextHash: string;
  /** Digest of the disclosure, see {@link AttributeDocument}. */
  readonly disclosure: string;
}

/** RFC 9901 section 4.2.1: base64url of the JSON array salt, name, value. */
export const disclosureOf = (salt: Uint8Array, attribute: string, value: AttributeValue): string => toBase64Url(utf8(JSON.stringify([toBase64Url(salt), attribute, value])));
/** RFC 9901 section 4.2.3. */
export const disclosureDigest = (disclosure: string): string => toBase64Url(sha256(utf8(disclosure)));
export const ciphertextHash = (ciphertext: Uint8Array): string => toBase64Url(sha256(ciphertext));

/**
 * Seals a value by AES-256-GCM (NIST SP 800-38D) under its record's own key with a random nonce.
 * @param prfOutput 32 bytes of the threshold PRF for {@link recordKeyInput}
 */
export function sealValue(prfOutput: Uint8Array, place: ValuePlace, value: AttributeValue, rng: Rng): SealedValue {
  const disclosure = disclosureOf(rng.bytes(saltBytes), place.attribute, value);
  const nonce = rng.bytes(nonceBytes);
  const key = keyOf(prfOutput);
  const ciphertext = concatBytes(nonce, gcm(key, nonce, additionalData(place)).encrypt(utf8(disclosure)));
  key.fill(0);
  return { ciphertext, ciphertextHash: ciphertextHash(ciphertext), disclosure: disclosureDigest(disclosure) };
}

/**
 * Opens a value and checks it against the document that its writer signed.
 * @returns the value and its disclosure, which can stand in a credential
 * @throws BoopError `attribute.tampered`
 */
export function openValue(prfOutput: Uint8Array, place: ValuePlace, ciphertext: Uint8Array, document: Pick<AttributeDocument, 'ciphertextHash' | 'disclosure'>): { value: AttributeValue; disclosure: string } {
  if (ciphertext.length < nonceBytes + tagBytes || ciphertextHash(ciphertext) !== document.ciphertextHash) throw tampered();
  const key = keyOf(prfOutput);
  try {
    const disclosure = fromUtf8(gcm(key, ciphertext.subarray(0, nonceBytes), additionalData(place)).decrypt(ciphertext.subarray(nonceBytes)));
    const [, attribute, value] = JSON.parse(fromUtf8(fromBase64Url(disclosure))) as unknown[];
    if (attribute !== place.attribute || !equalBytes(fromBase64Url(disclosureDigest(disclosure)), fromBase64Url(document.disclosure))) throw tampered();
    return { value: attributeValueSchema.parse(value), disclosure };
  } catch {
    throw tampered();
  } finally {
    key.fill(0);
  }
}

const tampered = (): BoopError => new BoopError('attribute.tampered', 'the stored value is not the one that was written', { kind: 'peer' });

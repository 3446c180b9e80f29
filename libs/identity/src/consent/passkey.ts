import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, concatBytes, equalBytes, fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@boop/shared';
import { z } from 'zod';
import { blobField, bytesField, idField, secondsField } from '../encoding.ts';
import { type SigningKey, verifySignature } from '../keys.ts';

const domain = 'boop-passkey/1';
/** A passkey speaks for an account for at most a year; then the account key enrols it again. */
export const passkeyLifeSecondsMax = 366 * 86_400;

/** The account key's word that a WebAuthn credential signs for it, too. */
export const passkeyRecordSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('passkey'),
  networkId: idField,
  accountKey: bytesField(32),
  /** WebAuthn credential id. */
  credentialId: blobField(1_023),
  algorithm: z.enum(['ES256', 'EdDSA']),
  /** ES256: P-256 point, SEC 1, 33 bytes; EdDSA: Ed25519 key, 32 bytes. */
  publicKey: z.union([bytesField(33), bytesField(32)]),
  rpId: z.string().min(1).max(253),
  /** Serialised origins (RFC 6454) of the pages on which it may be used. */
  origins: z.array(z.string().max(300)).min(1).max(4),
  validFrom: secondsField,
  expiresAt: secondsField,
});
export type PasskeyRecord = z.infer<typeof passkeyRecordSchema>;

export const signedPasskeySchema = z.strictObject({ record: passkeyRecordSchema, signature: bytesField(64) });
export type SignedPasskey = z.infer<typeof signedPasskeySchema>;

/** What `navigator.credentials.get` answered (WebAuthn Level 3 section 5.2.2), base64url. */
export const passkeyAssertionSchema = z.strictObject({ authenticatorData: blobField(1_024), clientDataJson: blobField(4_096), signature: blobField(128) });
export type PasskeyAssertion = z.infer<typeof passkeyAssertionSchema>;

export const enrolPasskey = (record: PasskeyRecord, accountKey: SigningKey): SignedPasskey => ({ record, signature: accountKey.sign(domain, canonicalJson(record)) });

/**
 * @param at seconds; the moment at which the passkey was used
 * @throws BoopError `passkey.invalid`
 */
export function verifyPasskey({ record, signature }: SignedPasskey, expected: { networkId: string; accountKey: string; at: number }): void {
  const ours = record.networkId === expected.networkId && record.accountKey === expected.accountKey;
  const inTime = record.validFrom <= expected.at && expected.at < record.expiresAt && record.expiresAt - record.validFrom <= passkeyLifeSecondsMax;
  if (!ours || !inTime || !verifySignature(domain, canonicalJson(record), signature, record.accountKey)) throw invalid();
}

const clientDataSchema = z.looseObject({ type: z.literal('webauthn.get'), challenge: z.string(), origin: z.string(), crossOrigin: z.literal(false).optional(), topOrigin: z.undefined().optional() });
const userPresent = 0x01;
const userVerified = 0x04;
const attestedOrExtended = 0xc0;

/**
 * WebAuthn Level 3 section 7.2, steps 10 to 21: type, challenge, origin, RP id, user present and verified, signature. The signature
 * counter is not looked at: the challenge is the document's hash, and a document counts once.
 * @param challenge 32 bytes
 * @throws BoopError `passkey.invalid`
 */
export function verifyPasskeyAssertion(assertion: PasskeyAssertion, challenge: Uint8Array, { rpId, origins, algorithm, publicKey }: PasskeyRecord): void {
  const clientData = fromBase64Url(assertion.clientDataJson);
  const authenticatorData = fromBase64Url(assertion.authenticatorData);
  const client = clientDataSchema.safeParse(parseJson(clientData));
  if (!client.success || client.data.challenge !== toBase64Url(challenge) || !origins.includes(client.data.origin)) throw invalid();
  const flags = authenticatorData[32] ?? 0;
  const whole = authenticatorData.length === 37 || (authenticatorData.length > 37 && (flags & attestedOrExtended) !== 0);
  if (!whole || !equalBytes(authenticatorData.subarray(0, 32), sha256(utf8(rpId)))) throw invalid();
  if ((flags & userPresent) === 0 || (flags & userVerified) === 0) throw invalid();
  const message = concatBytes(authenticatorData, sha256(clientData));
  if (!verifyAssertionSignature(algorithm, fromBase64Url(assertion.signature), message, fromBase64Url(publicKey))) throw invalid();
}

function verifyAssertionSignature(algorithm: PasskeyRecord['algorithm'], signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    if (algorithm === 'EdDSA') return ed25519.verify(signature, message, publicKey, { zip215: false });
    // WebAuthn section 6.5.5: ASN.1 DER. Authenticators give either of the two values of s.
    return p256.verify(signature, message, publicKey, { format: 'der', lowS: false });
  } catch {
    return false;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return undefined;
  }
}

const invalid = (): BoopError => new BoopError('passkey.invalid', 'the passkey or its assertion does not stand for this account and document');

import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { positionSchema } from '../context.ts';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { type SigningKey } from '../keys.ts';
import { type OwnerSignature, ownerSignatureSchema, signAsOwner, verifyOwnerSignature } from './owner-signature.ts';
import { type PurposeText, purposeTextHash } from './purpose-text.ts';

export const consentGrantDomain = 'boop-consent-grant/1';
export const attributesPerConsentMax = 64;

/** A person lets one vendor read some attributes for one purpose until a time. */
export const consentGrantSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('consent-grant'),
  networkId: idField,
  /** Chosen at random by the device. */
  consentId: idField,
  /** The person's Ed25519 account key. */
  accountKey: bytesField(32),
  vendorId: idField,
  /** The vendor's HPKE key (X25519): what is released is sealed to this key and no other. */
  recipientKey: bytesField(32),
  purpose: idField,
  textVersion: idField,
  /** SHA-256 of the text that the person was shown, see {@link purposeTextHash}. */
  textHash: bytesField(32),
  /** Each attribute with the palms that release it. */
  attributes: z.array(z.strictObject({ name: idField, positions: z.array(positionSchema).min(1).max(2) })).min(1).max(attributesPerConsentMax),
  givenAt: secondsField,
  validFrom: secondsField,
  expiresAt: secondsField,
  /** Makes the document's hash unguessable. */
  nonce: bytesField(32),
  /** A changed consent names the hash of the grant that it replaces, under the same consent id. */
  previous: bytesField(32).optional(),
});
export type ConsentGrant = z.infer<typeof consentGrantSchema>;

export const signedGrantSchema = z.strictObject({ record: consentGrantSchema, signed: ownerSignatureSchema });
export type SignedGrant = z.infer<typeof signedGrantSchema>;

export const consentGrantBytes = (record: ConsentGrant): Uint8Array => canonicalJson(record);
/** Names a grant: SHA-256 of the record's canonical JSON, base64url. */
export const consentGrantHash = (record: ConsentGrant): string => toBase64Url(sha256(consentGrantBytes(record)));

export const grantConsent = (record: ConsentGrant, accountKey: SigningKey): SignedGrant => ({ record, signed: signAsOwner(consentGrantDomain, consentGrantBytes(record), accountKey) });
/** A grant by a passkey: `signed` is the assertion over `passkeyChallenge(consentGrantDomain, consentGrantBytes(record))`. */
export const grantWithPasskey = (record: ConsentGrant, signed: OwnerSignature): SignedGrant => ({ record, signed });

/**
 * Checks the owner's signature and that the record makes sense; not whether it covers a request, which is `permits`.
 * @param expected.texts the published texts; left out by nodes, whose decision doesn't depend on them
 * @throws BoopError `grant.wrong-network`, `grant.malformed` (times, an attribute or a palm twice), `grant.unknown-text`, `owner.bad-signature`, `passkey.invalid`
 */
export function verifyGrant({ record, signed }: SignedGrant, expected: { networkId: string; texts?: readonly PurposeText[] }): void {
  if (record.networkId !== expected.networkId) throw new BoopError('grant.wrong-network', 'the consent is for another network');
  const { givenAt, validFrom, expiresAt, attributes } = record;
  const distinct = new Set(attributes.map(({ name }) => name)).size === attributes.length && attributes.every(({ positions }) => new Set(positions).size === positions.length);
  if (!distinct || validFrom >= expiresAt || givenAt >= expiresAt) throw new BoopError('grant.malformed', 'the consent has no time or names something twice');
  const known = expected.texts === undefined || expected.texts.some((text) => text.purpose === record.purpose && text.version === record.textVersion && purposeTextHash(text) === record.textHash);
  if (!known) throw new BoopError('grant.unknown-text', 'the consent names a text that this network does not use');
  verifyOwnerSignature(consentGrantDomain, consentGrantBytes(record), signed, { networkId: record.networkId, accountKey: record.accountKey, at: givenAt });
}

/**
 * Whether `next` may take the place of `current` under one consent id: the same person and vendor, and next names what it replaces.
 * @throws BoopError `grant.not-next`
 */
export function verifyGrantFollows(next: ConsentGrant, current: ConsentGrant | undefined): void {
  const first = current === undefined && next.previous === undefined;
  const follows =
    current !== undefined && next.previous === consentGrantHash(current) && next.consentId === current.consentId && next.accountKey === current.accountKey && next.vendorId === current.vendorId && next.givenAt >= current.givenAt;
  if (!first && !follows) throw new BoopError('grant.not-next', 'the consent does not follow the one that it would replace');
}

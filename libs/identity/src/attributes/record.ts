import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, fromBase64Url, lengthPrefixed, toBase64Url, uint32, utf8 } from '@boop/shared';
import { z } from 'zod';
import { type OwnerSignature, ownerSignatureSchema, signAsOwner, verifyOwnerSignature } from '../consent/owner-signature.ts';
import { bytesField, idField, secondsField } from '../encoding.ts';
import { type SigningKey, verifySignature } from '../keys.ts';
import { attributeNameSchema } from './names.ts';

/** Who stands behind a value: the network or an accredited issuer, the person alone, an issuer with evidence, or an expression over others. */
export const attributeKinds = ['system', 'user', 'verified', 'computed'] as const;
export const attributeKindSchema = z.enum(attributeKinds);
export type AttributeKind = z.infer<typeof attributeKindSchema>;

export const attributeVersionSchema = z.number().int().min(1).max(0xffff_ffff);

export const attributeDocumentDomain = 'boop-attribute/1';

/** What nodes, storage and recipients know of one version of one attribute; the value is in none of it. */
export const attributeDocumentSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('attribute'),
  networkId: idField,
  /** {@link recordIdOf}: whose it is, for those who know the person. */
  recordId: bytesField(32),
  attribute: attributeNameSchema,
  /** From 1, ascending; gaps are allowed, and none is written twice. */
  version: attributeVersionSchema,
  source: attributeKindSchema,
  /** SHA-256 of the sealed value as it is stored. */
  ciphertextHash: bytesField(32),
  /** SHA-256 of the value's SD-JWT disclosure (RFC 9901 section 4.2.3), salted and so hiding: the digest that may stand in a credential. */
  disclosure: bytesField(32),
  validFrom: secondsField,
  expiresAt: secondsField.optional(),
  /** Whose word a verified, system or attested computed value is. */
  issuer: z.strictObject({ id: idField, key: bytesField(32) }).optional(),
  /** SHA-256 of the evidence that the issuer keeps. */
  evidence: bytesField(32).optional(),
});
export type AttributeDocument = z.infer<typeof attributeDocumentSchema>;

/** Signed by the owner, always; and by the issuer whom the document names. The account key stands beside the document, so that a vendor who gets the document never sees it. */
export const signedAttributeSchema = z.strictObject({ record: attributeDocumentSchema, accountKey: bytesField(32), signed: ownerSignatureSchema, attested: bytesField(64).optional() });
export type SignedAttribute = z.infer<typeof signedAttributeSchema>;

export const attributeDocumentBytes = (record: AttributeDocument): Uint8Array => canonicalJson(record);
export const attributeDocumentHash = (record: AttributeDocument): string => toBase64Url(sha256(attributeDocumentBytes(record)));

/** The issuer's signature over a document: Ed25519, 64 bytes, base64url. */
export const attest = (record: AttributeDocument, issuerKey: SigningKey): string => issuerKey.sign(`${attributeDocumentDomain}/issuer`, attributeDocumentBytes(record));

export function signAttribute(record: AttributeDocument, accountKey: SigningKey, attested?: string): SignedAttribute {
  return signedAttribute(record, accountKey.publicKey, signAsOwner(attributeDocumentDomain, attributeDocumentBytes(record), accountKey), attested);
}
/** As {@link signAttribute}, with a signature that the owner's passkey made. */
export const signedAttribute = (record: AttributeDocument, accountKey: string, signed: OwnerSignature, attested?: string): SignedAttribute => ({ record, accountKey, signed, ...(attested !== undefined && { attested }) });

/** The issuer's signature, which a recipient checks. @throws BoopError `attribute.bad-attestation` */
export function verifyAttestation(record: AttributeDocument, attested: string | undefined): void {
  const named = record.issuer !== undefined;
  if (named !== (attested !== undefined) || (record.issuer && !verifySignature(`${attributeDocumentDomain}/issuer`, attributeDocumentBytes(record), attested!, record.issuer.key)))
    throw new BoopError('attribute.bad-attestation', 'the attribute is not signed by the issuer that it names');
}

/**
 * Checks form and signatures. Whether an issuer is accredited for the attribute is public policy, not a matter of signatures.
 * @throws BoopError `attribute.wrong-network`, `attribute.wrong-person`, `attribute.malformed` (an issuer where none belongs or none where
 *   one must be, times), `attribute.bad-attestation`, `owner.bad-signature`, `passkey.invalid`
 */
export function verifyAttribute({ record, accountKey, signed, attested }: SignedAttribute, expected: { networkId: string }): void {
  const { networkId, attribute, version, source, issuer, evidence, validFrom, expiresAt } = record;
  if (networkId !== expected.networkId) throw new BoopError('attribute.wrong-network', 'the attribute is of another network');
  if (record.recordId !== recordIdOf({ networkId, personId: personIdOf(networkId, accountKey), attribute, version })) throw new BoopError('attribute.wrong-person', 'the attribute is of another person, name or version');
  const issued = issuer !== undefined;
  const fits = { user: !issued, computed: true, system: issued, verified: issued && evidence !== undefined }[source];
  if (!fits || (evidence !== undefined && !issued) || (expiresAt !== undefined && expiresAt <= validFrom)) throw new BoopError('attribute.malformed', 'issuer, evidence or times do not fit the kind of the attribute');
  verifyAttestation(record, attested);
  verifyOwnerSignature(attributeDocumentDomain, attributeDocumentBytes(record), signed, { networkId, accountKey, at: validFrom });
}

/** Names a person towards nodes and storage: SHA-256 over network and account key, base64url. Vendors and the gateway of an authentication never see it. */
export const personIdOf = (networkId: string, accountKey: string): string => toBase64Url(sha256(lengthPrefixed(utf8('boop-person/1'), utf8(networkId), fromBase64Url(accountKey))));

/** One version of one attribute of one person. */
export interface RecordName {
  readonly networkId: string;
  /** 32 bytes, base64url. */
  readonly personId: string;
  readonly attribute: string;
  readonly version: number;
}

/** Names a record towards its recipient: a hash, so that two records of one person can't be told from those of two. */
export const recordIdOf = ({ networkId, personId, attribute, version }: RecordName): string =>
  toBase64Url(sha256(lengthPrefixed(utf8('boop-attribute-record/1'), utf8(networkId), fromBase64Url(personId), utf8(attribute), uint32(version))));

/**
 * Input of the threshold PRF for a record's key. Each node computes it itself from person, attribute and version (through
 * {@link recordIdOf}, which is injective up to collisions of SHA-256): a blinded input would let a consent for one record release
 * another's key.
 */
export const recordKeyInput = (recordId: string): Uint8Array => lengthPrefixed(utf8('boop-attribute-key/1'), fromBase64Url(recordId));

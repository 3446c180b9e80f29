import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson, fromBase64Url, lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';
import { z } from 'zod';
import { personIdOf, signedAttributeSchema } from '../attributes/record.ts';
import { signedErasureRequestSchema } from '../consent/erasure.ts';
import { signedGrantSchema } from '../consent/grant.ts';
import { signedRevocationSchema } from '../consent/revocation.ts';
import { registeredCredentialSchema } from '../credential/request.ts';
import { signedCredentialStatusSchema } from '../credential/status.ts';
import { separated } from '../keys.ts';

/** What all nodes hear of, in one order. Each document carries the signatures that a node needs to judge it. */
export const feedDocumentSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('grant'), document: signedGrantSchema }),
  z.strictObject({ type: z.literal('revocation'), document: signedRevocationSchema }),
  z.strictObject({ type: z.literal('attribute'), document: signedAttributeSchema }),
  z.strictObject({ type: z.literal('erasure'), document: signedErasureRequestSchema }),
  z.strictObject({ type: z.literal('credential'), document: registeredCredentialSchema }),
  z.strictObject({ type: z.literal('credential-status'), document: signedCredentialStatusSchema }),
]);
export type FeedDocument = z.infer<typeof feedDocumentSchema>;

/** Digest of the feed before its first document. */
export const emptyFeedDigest = toBase64Url(new Uint8Array(32));

/** Running digest: SHA-256 over the one before and the document, base64url. */
export const nextFeedDigest = (digest: string, document: FeedDocument): string =>
  toBase64Url(sha256(lengthPrefixed(utf8('boop-consent-feed/1'), fromBase64Url(digest), canonicalJson(document))));

/** What a node's identity key signs once a document is durable there and was accepted. */
export const feedReceiptBytes = (networkId: string, digest: string): Uint8Array => separated('boop-feed-receipt/1', utf8(networkId), fromBase64Url(digest));

/** Whom a document is about. */
export const personOf = ({ type, document }: FeedDocument, networkId: string): string => personIdOf(networkId, type === 'attribute' ? document.accountKey : document.record.accountKey);

/**
 * Nodes that must have a revocation durably before it may be acknowledged: whoever lacks it then, with t liars, are fewer than the 2t+1
 * that a release takes. Of q that have confirmed, f ≤ t lie; honest and without it are at most N − q − (t − f); with all t liars that makes
 * N − q + f ≤ N − q + t, which is below 2t+1 from q = N − t on.
 */
export const feedQuorum = (nodes: number, threshold: number): number => nodes - threshold;

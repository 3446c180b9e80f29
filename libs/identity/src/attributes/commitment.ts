import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64Url, lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';
import { type AttributeDocument, attributeDocumentHash } from './record.ts';

/**
 * What the log holds of a written attribute: HMAC-SHA256(opening, domain ‖ hash of the document), base64url. Binding, and hiding once the
 * opening is deleted.
 * @param opening 32 uniformly random bytes, fresh for each document
 */
export const attributeCommitment = (record: AttributeDocument, opening: Uint8Array): string =>
  toBase64Url(hmac(sha256, opening, lengthPrefixed(utf8('boop-attribute-commitment/1'), fromBase64Url(attributeDocumentHash(record)))));

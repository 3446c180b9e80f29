import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, equalBytes, fromBase64Url, lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';

/** What the log holds of a consent document. */
export interface ConsentOpening {
  /** 32 uniformly random bytes, fresh for each document; deleted at erasure. */
  readonly opening: string;
  /** Hash of the grant's or the revocation's record. */
  readonly document: string;
}

/**
 * HMAC-SHA256(opening, domain ‖ document), base64url: binding, and hiding once the opening is deleted, also from whoever kept the document.
 * @throws BoopError `consent.malformed-opening`
 */
export function consentCommitment({ opening, document }: ConsentOpening): string {
  const key = fromBase64Url(opening);
  if (key.length !== 32) throw new BoopError('consent.malformed-opening', 'an opening has 32 bytes');
  return toBase64Url(hmac(sha256, key, lengthPrefixed(utf8('boop-consent-commitment/1'), fromBase64Url(document))));
}

/** @throws BoopError `consent.malformed-opening`, `consent.wrong-opening` */
export function verifyConsentCommitment(commitment: string, opening: ConsentOpening): void {
  if (!equalBytes(fromBase64Url(consentCommitment(opening)), fromBase64Url(commitment))) throw new BoopError('consent.wrong-opening', 'the log holds a commitment to another document', { kind: 'peer' });
}

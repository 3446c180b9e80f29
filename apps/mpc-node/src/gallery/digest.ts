import { createHash } from 'node:crypto';
import { canonicalJson, fromBase64Url, lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';
import { type RegistrationRecord } from '../link/peer-methods.ts';

/** Running digest over the records of the registrations, in the order of their slots. */
export const emptyDigest: string = toBase64Url(new Uint8Array(32));

export function nextDigest(digest: string, record: RegistrationRecord): string {
  const bytes = lengthPrefixed(utf8('boop-gallery/1'), fromBase64Url(digest), canonicalJson(record));
  return toBase64Url(new Uint8Array(createHash('sha256').update(bytes).digest()));
}

import { createHash } from 'node:crypto';
import { canonicalJson, fromBase64Url, lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';
import { type RegistrationRecord } from '../link/peer-methods.ts';

/** Running digest over the records of the registrations, in the order of their slots. */
export const emptyDigest: string = toBase64Url(new Uint8Array(32));

/** What a gallery is known by: its registrations, and those of them that were erased. */
export interface ErasedAt {
  readonly splitHash: string;
  readonly firstSlot: number;
}

/** The digest of registrations alone, with what was erased of them folded in. */
export function foldErased(digest: string, rows: number, erased: Iterable<ErasedAt>): string {
  const hashes = [...erased].filter(({ firstSlot }) => firstSlot < rows).map(({ splitHash }) => splitHash).sort();
  if (hashes.length === 0) return digest;
  return toBase64Url(new Uint8Array(createHash('sha256').update(lengthPrefixed(utf8('boop-gallery-erased/1'), fromBase64Url(digest), ...hashes.map(fromBase64Url))).digest()));
}

export function nextDigest(digest: string, record: RegistrationRecord): string {
  const bytes = lengthPrefixed(utf8('boop-gallery/1'), fromBase64Url(digest), canonicalJson(record));
  return toBase64Url(new Uint8Array(createHash('sha256').update(bytes).digest()));
}

import { BoopError, concatBytes } from '@boop/shared';

/** Greatest entry that an entry bundle can hold. */
export const ENTRY_BYTES_MAX = 0xffff;

/** Entry bundle of C2SP tlog-tiles: each entry behind its length as a big-endian u16. Throws `log.entry-too-long`. */
export function formatEntries(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.length > ENTRY_BYTES_MAX) throw new BoopError('log.entry-too-long', 'an entry has at most 65,535 bytes');
    return [Uint8Array.of(entry.length >> 8, entry.length & 255), entry];
  });
  return concatBytes(...parts);
}

/** Inverse of {@link formatEntries} for exactly `count` entries; throws `log.malformed-entries`. */
export function parseEntries(bytes: Uint8Array, count: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < count && at + 2 <= bytes.length) {
    const end = at + 2 + ((bytes[at]! << 8) | bytes[at + 1]!);
    if (end > bytes.length) break;
    entries.push(bytes.slice(at + 2, end));
    at = end;
  }
  if (entries.length !== count || at !== bytes.length) throw new BoopError('log.malformed-entries', 'the bundle does not hold that many entries');
  return entries;
}

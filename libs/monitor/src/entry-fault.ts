import { faultOfRecord } from '@boop/log';
import { parseLogEntry } from '@boop/protocol';
import { isBoopError } from '@boop/shared';

/** Which rule of single entries one breaks: each is the canonical form of a known kind. Records of map revisions have rules of their own. */
export function entryFault(entry: Uint8Array): string | undefined {
  if (faultOfRecord({ entry, leafIndex: Number.MAX_SAFE_INTEGER }) !== undefined) return undefined;
  try {
    parseLogEntry(entry);
    return undefined;
  } catch (error) {
    if (isBoopError(error)) return error.code;
    throw error;
  }
}

import { lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';

/**
 * Input of the threshold PRF for a pairwise identifier. Each node computes it itself, from the subject that its own
 * gallery names and the sector in the context, never from bytes that somebody blinded.
 * @param subjectId 16 bytes, known to the nodes only
 */
export const pairwiseInput = (networkId: string, subjectId: Uint8Array, sector: string): Uint8Array =>
  lengthPrefixed(utf8('boop-pairwise/1'), utf8(networkId), subjectId, utf8(sector));

/** `sub` as the vendor sees it: the PRF's 32 bytes as base64url. */
export const pairwiseSub = (prfOutput: Uint8Array): string => toBase64Url(prfOutput);

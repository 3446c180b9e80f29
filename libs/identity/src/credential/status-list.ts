import { canonicalJson, toBase64Url, utf8 } from '@boop/shared';
import { jwkThumbprint } from '../keys.ts';

export const statusListPath = '/v1/credentials/status/1';
export const statusListUri = (issuer: string): string => `${issuer.replace(/\/+$/, '')}${statusListPath}`;

/** How long a list may be kept by whoever fetched it, and how long it holds; seconds. A revocation is seen everywhere after the latter at most. */
export const statusListTtlSeconds = 60;
export const statusListLifeSeconds = 300;
export const statusListBits = 2;
/** Lists grow in such steps, so that their size tells little. */
export const statusListStep = 1_024;

/** Entries of a list whose highest index in use is `highest` (−1: none). */
export const statusListSize = (highest: number): number => Math.max(1, Math.ceil((highest + 1) / statusListStep)) * statusListStep;

/** Status List Token (draft-ietf-oauth-status-list section 5.1). `lst`: zlib-compressed statuses, base64url. */
export const statusListPayload = ({ issuer, iat, lst }: { issuer: string; iat: number; lst: string }) => ({
  iss: issuer,
  sub: statusListUri(issuer),
  iat,
  exp: iat + statusListLifeSeconds,
  ttl: statusListTtlSeconds,
  status_list: { bits: statusListBits, lst },
});
export type StatusListPayload = ReturnType<typeof statusListPayload>;

export function statusListSigningInput(payload: StatusListPayload, publicKey: Uint8Array): Uint8Array {
  const header = { alg: 'EdDSA', kid: jwkThumbprint(toBase64Url(publicKey)), typ: 'statuslist+jwt' };
  return utf8(`${toBase64Url(canonicalJson(header))}.${toBase64Url(canonicalJson(payload))}`);
}

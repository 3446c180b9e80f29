import { type IdTokenClaims } from '@boop/identity';
import { type Authentication, type AuthenticationReason, type NetworkInfo } from '@boop/protocol';
import { sdkError } from '../errors.ts';
import { checkAuthenticationEntry, verifyReceipt } from '../log/receipts.ts';

/** How an authentication ended. */
export type AuthenticationResult =
  | {
      readonly outcome: 'accepted';
      readonly idToken: string;
      /** Verified: signature, issuer, audience, expiry, nonce. */
      readonly claims: IdTokenClaims;
      /** A family of committees confirmed the match. */
      readonly verified: boolean;
      readonly logEntry: string;
      readonly authentication: Authentication;
    }
  | {
      readonly outcome: 'rejected';
      /** Unknown when the terminal gave up and nobody told why. */
      readonly reason: AuthenticationReason | undefined;
      readonly retryAllowed: boolean;
      /** With `user-missing-attributes`: names of the required attributes that the person has not, or no longer. Absent where the nodes did not agree on them. */
      readonly missing: readonly string[] | undefined;
      /** Absent when no node decided anything. */
      readonly logEntry: string | undefined;
      readonly authentication: Authentication;
    }
  | { readonly outcome: 'expired' | 'cancelled'; readonly authentication: Authentication };

export const hasEnded = ({ status }: Authentication): boolean => status !== 'pending' && status !== 'processing';

/**
 * Turns an ended authentication into a result, checking what it claims.
 * @throws BoopError `token.invalid`, `receipt.invalid`, `response.malformed`
 */
export async function toResult(
  authentication: Authentication,
  checks: { network: NetworkInfo; verifyToken: (idToken: string, checks: { nonce?: string | undefined }) => Promise<IdTokenClaims>; reason: AuthenticationReason | undefined },
): Promise<AuthenticationResult> {
  const { status, result, sessionId, nonce } = authentication;
  if (status === 'expired' || status === 'cancelled') return { outcome: status, authentication };
  if (status !== 'succeeded' && status !== 'failed') throw sdkError('response.malformed', { kind: 'peer' });
  if (result) {
    const entry = verifyReceipt(result.receipt, result.logEntry, checks.network);
    checkAuthenticationEntry(entry, { sessionId, verified: result.verified, idToken: result.idToken });
  }
  if (status === 'failed') {
    if (result?.idToken !== undefined) throw sdkError('response.malformed', { kind: 'peer' });
    const { outcome } = authentication;
    return { outcome: 'rejected', reason: result?.reason ?? outcome?.reason ?? checks.reason, retryAllowed: result?.retryAllowed ?? outcome?.retryAllowed ?? true, missing: outcome?.missing, logEntry: result?.logEntry, authentication };
  }
  if (result?.idToken === undefined) throw sdkError('response.malformed', { kind: 'peer' });
  const claims = await checks.verifyToken(result.idToken, { nonce });
  if (claims.jti !== sessionId || claims.boop.context !== authentication.id || claims.boop.verified !== result.verified) throw sdkError('token.invalid', { kind: 'peer' });
  return { outcome: 'accepted', idToken: result.idToken, claims, verified: result.verified, logEntry: result.logEntry, authentication };
}

import { type IdTokenClaims, parseTokenClaims } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import { connectionLost, sdkError } from '../errors.ts';

export interface ExpectedToken {
  readonly issuer: string;
  /** The vendor's own id. */
  readonly audience: string;
}

export interface TokenChecks {
  /** The nonce of the context that the token must answer; without one the token has none either. */
  readonly nonce?: string | undefined;
}

/** Where the network publishes its token keys, below the issuer. */
export const jwksUrlOf = (gatewayUrl: string): string => `${gatewayUrl.replace(/\/+$/, '')}/.well-known/jwks.json`;

/**
 * Verifies ID tokens against the published JWKS: EdDSA signature, `iss`, `aud`, expiry, `nonce`, and the claim set as the
 * network defines it. Keys are cached; an unknown `kid` fetches them again, at most every 30 s.
 */
export function createTokenVerifier(jwksUrl: string, expected: ExpectedToken, fetchPort: typeof fetch): (idToken: string, checks: TokenChecks) => Promise<IdTokenClaims> {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { [customFetch]: fetchPort });
  return async (idToken, { nonce }) => {
    try {
      const options = { issuer: expected.issuer, audience: expected.audience, algorithms: ['EdDSA'], typ: 'JWT', clockTolerance: 5, requiredClaims: ['sub', 'iat', 'exp', 'auth_time', 'jti'] };
      const { payload } = await jwtVerify(idToken, keys, options);
      if (payload.nonce !== nonce) throw new errors.JWTClaimValidationFailed('unexpected nonce', payload, 'nonce');
      return parseTokenClaims(idToken);
    } catch (error) {
      throw isUnreachable(error) ? connectionLost(error) : sdkError('token.invalid', { kind: 'peer', cause: error });
    }
  };
}

/** The key set could not be fetched: nothing is known about the token. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof BoopError) return false;
  return !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout || error.code === errors.JOSEError.code;
}

import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose';
import { z } from 'zod';
import { BoopError } from '@boop/shared';

/** How far the proof's time may be from ours, seconds. */
export const proofSecondsMax = 60;

const claimsSchema = z.object({ jti: z.string().min(1).max(256), htm: z.string(), htu: z.string().max(2_048), iat: z.number(), ath: z.string() });

export interface DpopProof {
  /** RFC 7638 thumbprint of the key that signed it. */
  readonly thumbprint: string;
  readonly jti: string;
}

/**
 * Verifies a DPoP proof at a protected resource (RFC 9449 sections 4.3 and 7): type, algorithm, signature by the embedded public key,
 * method, address without query, time, and the hash of the access token. Whether it is new is the caller's to check.
 * @throws BoopError `request.unauthenticated`
 */
export async function verifyDpopProof(proof: string, expected: { method: string; url: string; accessToken: string; nowMs: number }): Promise<DpopProof> {
  try {
    const { protectedHeader, payload } = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256', 'EdDSA', 'Ed25519'] });
    const { jti, htm, htu, iat, ath } = claimsSchema.parse(payload);
    const fits =
      htm === expected.method &&
      addressOf(htu) === addressOf(expected.url) &&
      Math.abs(expected.nowMs / 1000 - iat) <= proofSecondsMax &&
      ath === createHash('sha256').update(expected.accessToken).digest('base64url');
    if (fits) return { thumbprint: await calculateJwkThumbprint(protectedHeader.jwk!), jti };
  } catch {
    // Whatever can't be read or verified is no proof.
  }
  throw new BoopError('request.unauthenticated', 'the DPoP proof does not hold');
}

function addressOf(text: string): string {
  const url = new URL(text);
  url.hash = '';
  url.search = '';
  return url.href;
}

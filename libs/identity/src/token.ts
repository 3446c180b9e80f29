import { BoopError, canonicalJson, concatBytes, fromBase64Url, fromUtf8, toBase64Url, utf8 } from '@boop/shared';
import { z } from 'zod';
import { type AuthenticationContext, sessionIdOf } from './context.ts';
import { idField, secondsField } from './encoding.ts';
import { jwkThumbprint } from './keys.ts';

/**
 * RFC 8176 registers no method for palms (its `vbm` is a voiceprint), so we use a name of our own, as section 2 of
 * OpenID Connect Core allows.
 */
export const amrPalm = 'urn:boop:amr:palm';

/** How a match came about, as every node knows it from its own transcript and the statements that it verified. */
export interface MatchAssurance {
  readonly modality: 'palm';
  readonly nodes: number;
  readonly threshold: number;
  /** A family of committees confirmed the match, so no set of t liars sat in all of them. */
  readonly verified: boolean;
  /** Of the liveness check that was asked for and passed (ISO/IEC 30107-3), as the manifest has it; 0 = none. */
  readonly livenessLevel: number;
}

/** `acr` names modality, t-of-N, whether a family of committees confirmed, and the liveness level. */
export const acrOf = (assurance: MatchAssurance): string =>
  `urn:boop:acr:${assurance.modality}:t${assurance.threshold}n${assurance.nodes}:${assurance.verified ? 'verified' : 'unverified'}:liveness-${assurance.livenessLevel}`;

/** What the context asks for and nobody is accepted without. */
export const livenessLevelOf = ({ policy }: Pick<AuthenticationContext, 'policy'>): number => policy.livenessLevel ?? 0;

/** The ID token's claim set, defined once: OIDC Core section 2 and what is ours under `boop`. */
export const idTokenClaimsSchema = z.strictObject({
  iss: z.url(),
  sub: z.string().min(1).max(255),
  aud: idField,
  iat: secondsField,
  exp: secondsField,
  auth_time: secondsField,
  nonce: z.string().min(1).max(255).optional(),
  jti: z.string().min(1).max(64),
  amr: z.array(z.string()).min(1),
  acr: z.string(),
  boop: z.strictObject({ context: idField, type: z.string(), verified: z.boolean(), splitAt: z.enum(['edge', 'gateway']), epoch: z.number().int().positive() }),
});
export type IdTokenClaims = z.infer<typeof idTokenClaimsSchema>;

/** Life of an ID token, seconds. */
export const idTokenLifeSeconds = 300;

/** The only way to a claim set. Every signer calls it with its own view; equal views give equal bytes. */
export function idTokenClaims(input: {
  context: AuthenticationContext;
  /** Pairwise subject from the threshold PRF. */
  sub: string;
  assurance: Omit<MatchAssurance, 'livenessLevel'>;
  splitAt: 'edge' | 'gateway';
  epoch: number;
  /** When the match was decided, seconds. */
  authTime: number;
}): IdTokenClaims {
  const { context } = input;
  return {
    iss: context.issuer,
    sub: input.sub,
    aud: context.vendorId,
    iat: input.authTime,
    exp: input.authTime + idTokenLifeSeconds,
    auth_time: input.authTime,
    ...(context.nonce === undefined ? {} : { nonce: context.nonce }),
    jti: sessionIdOf(context),
    amr: [amrPalm],
    acr: acrOf({ ...input.assurance, livenessLevel: livenessLevelOf(context) }),
    boop: { context: context.contextId, type: context.type, verified: input.assurance.verified, splitAt: input.splitAt, epoch: input.epoch },
  };
}

/** JWS signing input (RFC 7515 section 5.1) of the claims under the group key; canonical JSON, so all signers agree on the bytes. */
export function tokenSigningInput(claims: IdTokenClaims, tokenPublicKey: Uint8Array): Uint8Array {
  const header = { alg: 'EdDSA', kid: jwkThumbprint(toBase64Url(tokenPublicKey)), typ: 'JWT' };
  return utf8(`${toBase64Url(canonicalJson(header))}.${toBase64Url(canonicalJson(claims))}`);
}

/** Compact JWS from its signing input and the 64-byte group signature. */
export const assembleToken = (signingInput: Uint8Array, signature: Uint8Array): string => fromUtf8(concatBytes(signingInput, utf8(`.${toBase64Url(signature)}`)));

/**
 * Claims of a token whose signature the caller has verified elsewhere.
 * @throws BoopError `token.malformed`
 */
export function parseTokenClaims(token: string): IdTokenClaims {
  try {
    const [, payload, , ...rest] = token.split('.');
    if (payload === undefined || rest.length) throw new TypeError();
    return idTokenClaimsSchema.parse(JSON.parse(fromUtf8(fromBase64Url(payload))));
  } catch {
    throw new BoopError('token.malformed', 'not an ID token of this network');
  }
}

import { sha256 } from '@noble/hashes/sha2.js';
import { canonicalJson, type SessionId, toBase64Url, utf8, lengthPrefixed } from '@boop/shared';
import { z } from 'zod';
import { attributeNameSchema } from './attributes/names.ts';
import { bytesField, idField, secondsField } from './encoding.ts';

export const positions = ['left-palm', 'right-palm'] as const;
export const positionSchema = z.enum(positions);
export type Position = z.infer<typeof positionSchema>;

export const contextTypes = ['payment', 'entrance', 'access', 'membership', 'age'] as const;
export const contextTypeSchema = z.enum(contextTypes);

/** Upper limit of each context's life, seconds (B8). */
export const contextTimeoutSeconds: Record<z.infer<typeof contextTypeSchema>, number> = { payment: 30, entrance: 15, access: 30, membership: 30, age: 30 };

/**
 * What a vendor asks the network to decide. Its hash is the session id, so shares sealed for one context open in no
 * other, and each node derives the token's claims from these bytes alone.
 */
export const authenticationContextSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('authentication'),
  networkId: idField,
  contextId: idField,
  /** `iss` of the token. */
  issuer: z.url(),
  /** `aud` of the token. */
  vendorId: idField,
  /** Sector of the pairwise `sub` (OIDC Core section 8.1). */
  sector: z.string().min(1).max(255),
  type: contextTypeSchema,
  /** Echoed in the token; the vendor's defence against replay. A token of a context without one has none (OIDC Core section 3.1.2.1). */
  nonce: z.string().min(1).max(255).optional(),
  /** What the vendor's device and the terminal show alike (CIBA Core section 7.1). */
  bindingMessage: z.string().min(1).max(64).optional(),
  terminalId: idField.optional(),
  /** The vendor's pairwise `sub` of the one person whom it means (1:1): nobody else is accepted. */
  subject: z.string().min(1).max(255).optional(),
  /** What the vendor wants to know of the person; without the required ones it accepts nobody. */
  attributes: z.strictObject({ required: z.array(attributeNameSchema).max(16), optional: z.array(attributeNameSchema).max(16) }).optional(),
  amount: z.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
  currency: z.string().regex(/^[A-Z]{3}$/).optional(),
  policy: z.strictObject({
    /** Entry of the manifest's menu; each node looks θ up itself. */
    operatingPoint: idField,
    /** Accept a match that no second committee confirmed (`verified: false`). */
    acceptUnverified: z.boolean(),
    /** Accept a probe that the gateway split for a thin device. */
    acceptGatewaySplit: z.boolean(),
    /** Accept a probe only with the verdict of a liveness check to which the manifest gives this level at least. */
    livenessLevel: z.number().int().min(1).max(3).optional(),
  }),
  issuedAt: secondsField,
  expiresAt: secondsField,
});
export type AuthenticationContext = z.infer<typeof authenticationContextSchema>;

/** What a person is asked at registration; its hash is the session id of the enrolment shares. */
export const registrationContextSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('registration'),
  networkId: idField,
  registrationId: idField,
  positions: z.array(positionSchema).min(1).max(2),
  samplesPerPosition: z.literal(3),
  consentVersion: idField,
  operatingPoint: idField,
  /** Fresh per session. */
  nonce: bytesField(16),
  issuedAt: secondsField,
  expiresAt: secondsField,
});
export type RegistrationContext = z.infer<typeof registrationContextSchema>;

export type SessionContext = AuthenticationContext | RegistrationContext;
export const sessionContextSchema = z.discriminatedUnion('kind', [authenticationContextSchema, registrationContextSchema]);

/** SHA-256 over the canonical JSON (RFC 8785) of the context. */
export const sessionIdOf = (context: SessionContext): SessionId => toBase64Url(sha256(lengthPrefixed(utf8('boop-context/1'), canonicalJson(context)))) as SessionId;

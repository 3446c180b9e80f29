import { attributeNameSchema, contextTypeSchema, idField, positionSchema, sealedSchema } from '@boop/identity';
import { z } from 'zod';
import { operatingPointSchema } from './manifest.ts';
import { entryReceiptSchema, logProofSchema } from './log-entries.ts';
import { missingNamesSchema } from './missing-attributes.ts';
import { paymentSchema } from './payments.ts';
import { sealedSplitSchema } from './split.ts';

/** WGS 84, degrees. */
const locationSchema = z.strictObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) });
const attributeNames = z.array(attributeNameSchema).min(1).max(16);

/** What a vendor tells of the occasion; kept beside the context. Nodes judge none of it but the attributes that it leads to. */
export const occasionFields = {
  merchantName: z.string().min(1).max(100).optional(),
  /** The vendor's own reference, echoed. */
  reference: z.string().min(1).max(100).optional(),
  location: locationSchema.optional(),
  venueId: idField.optional(),
  eventId: idField.optional(),
  /** Years. Requires the attribute `is_adult` for 18, `age_over_N` for N, unless `birth_date` or `age_years` is required anyway; the vendor opens its value. */
  minimumAge: z.number().int().min(1).max(150).optional(),
  /** Without these the authentication fails with `user-missing-attributes`. */
  requiredAttributes: attributeNames.optional(),
  optionalAttributes: attributeNames.optional(),
} as const;

/** `POST /v1/authentications` */
export const createAuthenticationSchema = z.strictObject({
  /** The vendor may give its own id; it is the idempotency key of the context. */
  contextId: idField.optional(),
  type: contextTypeSchema,
  /** Echoed in the token. */
  nonce: z.string().min(1).max(255).optional(),
  terminalId: idField.optional(),
  /** 1:1: the person's pairwise `sub` at this vendor; anybody else's palm ends as `no-match`. */
  subject: z.string().regex(/^[\x21-\x7e]{1,255}$/).optional(),
  amount: z.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
  currency: z.string().regex(/^[A-Z]{3}$/).optional(),
  ...occasionFields,
  /** Seconds; may only shorten the type's own limit. */
  timeout: z.number().int().min(1).max(30).optional(),
  policy: z
    .strictObject({
      operatingPoint: idField.optional(),
      /** Instead of `operatingPoint`: the entry of the menu with the highest false match rate that is not above this one. */
      falseMatchRateMax: z.number().positive().max(1).optional(),
      acceptUnverified: z.boolean().optional(),
      acceptGatewaySplit: z.boolean().optional(),
      /** Accept only captures that a liveness check of this level, or a higher one, has passed; the network's manifest lists the checks. */
      livenessLevel: z.number().int().min(1).max(3).optional(),
    })
    .optional(),
});
export type CreateAuthentication = z.infer<typeof createAuthenticationSchema>;

export const authenticationReasons = ['ok', 'no-match', 'vendor-not-consented', 'user-missing-attributes', 'quality', 'liveness', 'device-error', 'vendor-suspended', 'insufficient-balance', 'unverified', 'timeout'] as const;
export type AuthenticationReason = (typeof authenticationReasons)[number];

/** Why a terminal gives a context up. */
export const captureFailureSchema = z.enum(['quality', 'liveness', 'device-error']);
export type CaptureFailure = z.infer<typeof captureFailureSchema>;

export const authenticationStatuses = ['pending', 'processing', 'succeeded', 'failed', 'expired', 'cancelled'] as const;

/** An authentication context as its vendor sees it. */
export const authenticationSchema = z.strictObject({
  id: idField,
  status: z.enum(authenticationStatuses),
  type: contextTypeSchema,
  /** Missing where a vendor's OpenID Connect request had none. */
  nonce: z.string().optional(),
  sessionId: z.string(),
  terminalId: idField.optional(),
  amount: z.number().int().optional(),
  currency: z.string().optional(),
  ...occasionFields,
  createdAt: z.string(),
  expiresAt: z.string(),
  /** Link for a person's own device, shown as a QR code. */
  link: z.url(),
  /** How the context ended, whoever ended it; `result` is what the nodes decided. */
  outcome: z
    .strictObject({
      reason: z.enum(authenticationReasons),
      retryAllowed: z.boolean(),
      endedAt: z.string(),
      /** With `user-missing-attributes`: which of the required ones, by name. Absent where the nodes do not agree on them. */
      missing: missingNamesSchema.optional(),
    })
    .optional(),
  /** What the ledger did, for a payment. */
  payment: paymentSchema.optional(),
  result: z
    .strictObject({
      reason: z.enum(authenticationReasons),
      retryAllowed: z.boolean(),
      verified: z.boolean(),
      idToken: z.string().optional(),
      /** Consented attributes, sealed by HPKE to the key that the consent names. */
      attributes: sealedSchema.optional(),
      /** Names the event in the log. */
      logEntry: z.string(),
      /** Canonical bytes of the entry and the nodes' signatures over it: stands until a checkpoint includes it. */
      receipt: z.strictObject({ entry: z.string(), signatures: z.array(entryReceiptSchema) }),
      decidedAt: z.string(),
    })
    .optional(),
});
export type Authentication = z.infer<typeof authenticationSchema>;

/** What a terminal sends: a sealed split, or (thin devices) a capture that the gateway encodes and splits. */
export const probeSchema = z.union([
  z.strictObject({ split: sealedSplitSchema }),
  z.strictObject({
    /** BMP or PNG of a 128×128 region of interest, base64url. */
    capture: z.string().max(1_400_000),
    position: positionSchema.optional(),
  }),
]);
export type Probe = z.infer<typeof probeSchema>;

/** `GET /v1/network`: what a splitter must know, readable to all. */
export const networkInfoSchema = z.strictObject({
  networkId: idField,
  epoch: z.number().int().positive(),
  nodes: z.number().int(),
  threshold: z.number().int(),
  testNetwork: z.boolean(),
  issuer: z.url(),
  encoder: idField,
  members: z.array(z.strictObject({ party: z.number().int(), name: idField, jurisdiction: z.string(), identityKey: z.string(), hpkeKey: z.string() })),
  operatingPoints: z.array(operatingPointSchema),
  defaultOperatingPoint: idField,
  /** Names of group keys and their public keys, base64url. */
  groupKeys: z.array(z.strictObject({ name: idField, suite: z.string(), signers: z.number().int(), publicKey: z.string() })),
  log: z.strictObject({ origin: z.string(), verifierKey: z.string(), url: z.url() }),
  jwksUrl: z.url(),
  bridgeUrl: z.string(),
});
export type NetworkInfo = z.infer<typeof networkInfoSchema>;

/** `GET /v1/network/keys`: the public keys of the network and of its nodes, base64url. */
export const networkKeysSchema = networkInfoSchema.pick({ networkId: true, epoch: true, groupKeys: true, members: true, jwksUrl: true });
export type NetworkKeys = z.infer<typeof networkKeysSchema>;

/** `GET /v1/network/epochs`: those of which the gateway knows the manifest, in order; the last one is in force. */
export const networkEpochsSchema = z.strictObject({
  networkId: idField,
  epoch: z.number().int().positive(),
  epochs: z.array(
    z.strictObject({
      epoch: z.number().int().positive(),
      threshold: z.number().int(),
      members: z.array(z.strictObject({ party: z.number().int(), name: idField, jurisdiction: z.string(), identityKey: z.string() })),
      /** Of the manifest, as the next proposal and the log name it. */
      manifestDigest: z.string(),
    }),
  ),
});
export type NetworkEpochs = z.infer<typeof networkEpochsSchema>;

/**
 * `GET /v1/network/attestations`: which software the custodians admit, by epoch, the one in force last. They sign it with the manifest
 * (`GET /v1/network/manifests`); each node says for itself what it runs, and its peers leave out one that says something else.
 */
export const networkAttestationsSchema = z.strictObject({
  networkId: idField,
  epoch: z.number().int().positive(),
  attestations: z.array(
    z.strictObject({
      epoch: z.number().int().positive(),
      manifestDigest: z.string(),
      /** SHA-256 digests of node releases, base64url; absent where any software may take part. */
      software: z.array(z.string()).optional(),
    }),
  ),
});
export type NetworkAttestations = z.infer<typeof networkAttestationsSchema>;

/** `GET /v1/network/nodes`: who is up, for dashboards. */
export const nodeStatusSchema = z.strictObject({
  party: z.number().int(),
  name: idField,
  jurisdiction: z.string(),
  live: z.boolean(),
  ready: z.boolean(),
  galleryRows: z.number().int().optional(),
  correlations: z.number().int().optional(),
  uptimeSeconds: z.number().optional(),
  /** That it serves; 0 while it has yet to join. */
  epoch: z.number().int().optional(),
  /** How far its clock is ahead of the gateway's, as far as the time of a request tells. */
  clockOffsetSeconds: z.number().optional(),
});
export type NodeStatus = z.infer<typeof nodeStatusSchema>;

export const proofResponseSchema = z.strictObject({ proof: logProofSchema });

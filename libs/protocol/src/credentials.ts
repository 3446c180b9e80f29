import { credentialStatuses, registeredCredentialSchema, secondsField, signedCredentialRequestSchema, signedCredentialStatusSchema, signedOwnerCallSchema } from '@boop/identity';
import { z } from 'zod';

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, { message: 'must be bytes' });
const party = z.number().int().min(1).max(255);
const index = z.number().int().min(0).max(0xff_ffff);

/** `POST /v1/credentials`: the signed request is the credential of the call. */
export const createCredentialSchema = z.strictObject({ request: signedCredentialRequestSchema });
/** `POST /v1/credentials/{index}/status` */
export const changeCredentialStatusSchema = z.strictObject({ change: signedCredentialStatusSchema });
/** The issuer-signed JWT without disclosures: these never leave the device. */
export const issuedCredentialSchema = z.strictObject({ index, credential: z.string().max(16_384), expiresAt: secondsField });
export const credentialEntrySchema = z.strictObject({ index, status: z.enum(credentialStatuses), attributes: z.array(z.string().max(48)).max(32), expiresAt: secondsField });
export const credentialListSchema = z.strictObject({ credentials: z.array(credentialEntrySchema).max(1_000) });
export const credentialsPath = '/v1/credentials';

/** gateway → attributes */
export const credentialMethods = {
  'credentials.issue': { body: z.strictObject({ request: signedCredentialRequestSchema, issuer: z.url() }), answer: issuedCredentialSchema },
  'credentials.status': { body: z.strictObject({ change: signedCredentialStatusSchema }), answer: credentialEntrySchema },
  'credentials.list': { body: z.strictObject({ call: signedOwnerCallSchema }), answer: credentialListSchema },
  /** The signed list, not older than its ttl. */
  'credentials.status-list': { body: z.strictObject({ issuer: z.url() }), answer: z.strictObject({ token: z.string() }) },
} as const;

/** attributes → node: FROST over what the node itself builds, in two rounds. */
export const credentialNodeMethods = {
  'credential.commit': {
    body: z.discriminatedUnion('what', [
      z.strictObject({ what: z.literal('credential'), credential: registeredCredentialSchema, issuer: z.url() }),
      z.strictObject({ what: z.literal('status-list'), issuer: z.url(), iat: secondsField }),
    ]),
    /** `message` is what this node would sign. */
    answer: z.strictObject({ party, attempt: bytes, commitment: bytes, message: bytes }),
  },
  'credential.sign': {
    body: z.strictObject({ attempt: bytes, commitments: z.array(z.strictObject({ party, commitment: bytes })).max(7) }),
    answer: z.strictObject({ party, share: bytes }),
  },
} as const;


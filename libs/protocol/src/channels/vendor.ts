import { attributeNameSchema, idField, secondsField } from '@boop/identity';
import { z } from 'zod';
import { authenticationReasons, authenticationSchema, createAuthenticationSchema } from '../rest.ts';
import { error, event, helloResponse, id, ping, pong, re, reconnect, resume } from './envelope.ts';

// /ws/vendor
export const vendorClientMessage = z.discriminatedUnion('type', [
  ping,
  z.strictObject({ type: z.literal('vendor_hello'), ...id, ...resume, apiKey: z.string().max(200) }),
  z.strictObject({ type: z.literal('create_context'), ...id, context: createAuthenticationSchema }),
  z.strictObject({ type: z.literal('cancel_context'), ...id, contextId: idField }),
]);
export type VendorClientMessage = z.infer<typeof vendorClientMessage>;

export const vendorServerMessage = z.discriminatedUnion('type', [
  pong, error, reconnect,
  helloResponse('vendor_hello_response'),
  z.strictObject({ type: z.literal('context_created'), ...re, authentication: authenticationSchema }),
  z.strictObject({ type: z.literal('context_cancelled'), ...re, ...event, contextId: idField }),
  z.strictObject({ type: z.literal('authentication_success'), ...event, authentication: authenticationSchema }),
  z.strictObject({ type: z.literal('authentication_failed'), ...event, contextId: idField, reason: z.enum(authenticationReasons), retryAllowed: z.boolean(), authentication: authenticationSchema }),
  z.strictObject({ type: z.literal('context_expired'), ...event, contextId: idField }),
  /** A person lets this vendor have attributes; the nodes hold the grant. A changed grant is told like a new one. */
  z.strictObject({ type: z.literal('consent_granted'), ...event, consentId: idField, purpose: idField, attributes: z.array(attributeNameSchema), grantedAt: secondsField, expiresAt: secondsField }),
  /** A person has withdrawn a consent; nothing is released under it any more. */
  z.strictObject({ type: z.literal('consent_revoked'), ...event, consentId: idField, purpose: idField, revokedAt: secondsField }),
]);
export type VendorServerMessage = z.infer<typeof vendorServerMessage>;

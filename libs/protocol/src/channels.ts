import { authenticationContextSchema, consentTextSchema, idField, positionSchema, registrationContextSchema, secondsField, signedConsentSchema } from '@boop/identity';
import { z } from 'zod';
import { authenticationReasons, authenticationSchema, createAuthenticationSchema, networkInfoSchema, nodeStatusSchema, probeSchema } from './rest.ts';
import { entryReceiptSchema } from './log-entries.ts';
import { sealedSplitSchema } from './split.ts';

/**
 * WebSocket messages of all four channels. One envelope: `type`, the client's `id` (echoed as `re` in what answers it),
 * and on events of a channel its `epoch` and `offset`, with which a client that reconnects gets what it missed.
 */
const id = { id: z.string().min(1).max(64).optional() };
const resume = { resume: z.strictObject({ epoch: z.string().max(64), offset: z.number().int().min(0) }).optional() };
const re = { re: z.string().optional() };
const event = { epoch: z.string(), offset: z.number().int().min(1) };
const position = { epoch: z.string(), offset: z.number().int().min(0) };

export const channels = ['registration', 'vendor', 'pvs', 'admin'] as const;
export type Channel = (typeof channels)[number];

const ping = z.strictObject({ type: z.literal('ping'), ...id });
const pong = z.strictObject({ type: z.literal('pong'), ...re });
const error = z.strictObject({ type: z.literal('error'), ...re, code: z.string(), message: z.string(), retryAllowed: z.boolean() });
/** The server is about to close: reconnect after this many milliseconds. */
const reconnect = z.strictObject({ type: z.literal('reconnect'), afterMs: z.number().int() });
const helloResponse = <T extends string>(type: T) =>
  z.strictObject({ type: z.literal(type), ...re, ...position, /** Whether everything since `resume` follows. */ recovered: z.boolean(), heartbeatMs: z.number().int() });

/** Quality components a person can act on, ISO/IEC 29794-1. */
export const qualityReasons = ['blank', 'too-dark', 'too-bright', 'low-contrast', 'blurred', 'glare', 'partly-out-of-view'] as const;
export const qualitySchema = z.strictObject({ score: z.number().int().min(0).max(100), reasons: z.array(z.enum(qualityReasons)).max(7) });
/** Registration accepts samples from this score on (B7). */
export const sampleQualityMin = 80;

export const registrationReceiptSchema = z.strictObject({
  registrationId: idField,
  registeredAt: z.string(),
  positions: z.array(positionSchema),
  verified: z.boolean(),
  logEntry: z.string(),
  receipt: z.strictObject({ entry: z.string(), signatures: z.array(entryReceiptSchema) }),
});
export type RegistrationReceipt = z.infer<typeof registrationReceiptSchema>;

// /ws/registration
export const registrationClientMessage = z.discriminatedUnion('type', [
  ping,
  /** `registrationId` and its secret resume a session after a lost connection. */
  z.strictObject({
    type: z.literal('registration_hello'), ...id, ...resume,
    positions: z.array(positionSchema).min(1).max(2).optional(),
    locale: z.string().max(35).optional(),
    session: z.strictObject({ registrationId: idField, secret: z.string().max(64) }).optional(),
  }),
  z.strictObject({ type: z.literal('give_consent'), ...id, consent: signedConsentSchema }),
  z.strictObject({ type: z.literal('sample_captured'), ...id, position: positionSchema, index: z.number().int().min(0).max(2), quality: qualitySchema }),
  z.strictObject({ type: z.literal('complete_registration'), ...id, split: sealedSplitSchema }),
  z.strictObject({ type: z.literal('cancel_registration'), ...id }),
]);
export type RegistrationClientMessage = z.infer<typeof registrationClientMessage>;

export const registrationSteps = ['consent', 'samples', 'checking-samples', 'de-duplicating', 'storing', 'done'] as const;
export const registrationServerMessage = z.discriminatedUnion('type', [
  pong, error, reconnect,
  z.strictObject({
    type: z.literal('registration_hello_response'), ...re, ...position, recovered: z.boolean(), heartbeatMs: z.number().int(),
    context: registrationContextSchema, secret: z.string(), consentText: consentTextSchema, network: networkInfoSchema, sampleQualityMin: z.number().int(),
  }),
  z.strictObject({ type: z.literal('consent_recorded'), ...re, ...event }),
  z.strictObject({ type: z.literal('sample_accepted'), ...re, ...event, position: positionSchema, index: z.number().int(), remaining: z.number().int() }),
  z.strictObject({ type: z.literal('sample_rejected'), ...re, ...event, position: positionSchema, index: z.number().int(), quality: qualitySchema }),
  z.strictObject({ type: z.literal('registration_progress'), ...event, step: z.enum(registrationSteps) }),
  z.strictObject({ type: z.literal('registration_succeeded'), ...re, ...event, receipt: registrationReceiptSchema }),
  z.strictObject({ type: z.literal('registration_failed'), ...re, ...event, code: z.string(), message: z.string(), retryAllowed: z.boolean() }),
]);
export type RegistrationServerMessage = z.infer<typeof registrationServerMessage>;

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
  /** A person has withdrawn a consent; nothing is released under it any more. */
  z.strictObject({ type: z.literal('consent_revoked'), ...event, consentId: idField, purpose: idField, revokedAt: secondsField }),
]);
export type VendorServerMessage = z.infer<typeof vendorServerMessage>;

// /ws/pvs
export const pvsClientMessage = z.discriminatedUnion('type', [
  ping,
  z.strictObject({ type: z.literal('pvs_hello'), ...id, ...resume, terminalKey: z.string().max(200), encoder: idField }),
  z.strictObject({ type: z.literal('probe'), ...id, contextId: idField, probe: probeSchema }),
  z.strictObject({ type: z.literal('capture_failed'), ...id, contextId: idField, reason: z.enum(['quality', 'liveness', 'device-error']) }),
  z.strictObject({ type: z.literal('configuration_applied'), ...id, version: z.number().int().positive() }),
  z.strictObject({ type: z.literal('configuration_rejected'), ...id, version: z.number().int().positive(), code: z.string().max(64) }),
]);
export type PvsClientMessage = z.infer<typeof pvsClientMessage>;

/** A terminal's settings: versioned, signed by the network, acknowledged; `rollbackOf` names the version that is undone. */
export const pvsConfigurationSchema = z.strictObject({
  version: z.number().int().positive(),
  rollbackOf: z.number().int().positive().optional(),
  document: z.strictObject({ encoder: idField, sampleQualityMin: z.number().int().min(0).max(100), heartbeatMs: z.number().int() }),
  publicKey: z.string(),
  signature: z.string(),
});
export type PvsConfiguration = z.infer<typeof pvsConfigurationSchema>;

export const pvsServerMessage = z.discriminatedUnion('type', [
  pong, error, reconnect,
  z.strictObject({ type: z.literal('pvs_hello_response'), ...re, ...position, recovered: z.boolean(), heartbeatMs: z.number().int(), terminalId: idField, network: networkInfoSchema }),
  z.strictObject({ type: z.literal('configuration'), ...event, configuration: pvsConfigurationSchema }),
  z.strictObject({ type: z.literal('authentication_requested'), ...event, context: authenticationContextSchema }),
  z.strictObject({ type: z.literal('authentication_ended'), ...event, contextId: idField, reason: z.enum(authenticationReasons), retryAllowed: z.boolean() }),
  z.strictObject({ type: z.literal('probe_accepted'), ...re, contextId: idField }),
]);
export type PvsServerMessage = z.infer<typeof pvsServerMessage>;

// /ws/admin
export const adminTopics = ['nodes', 'events'] as const;
export const adminClientMessage = z.discriminatedUnion('type', [
  ping,
  z.strictObject({ type: z.literal('admin_hello'), ...id, ...resume, apiKey: z.string().max(200) }),
  z.strictObject({ type: z.literal('subscribe'), ...id, topics: z.array(z.enum(adminTopics)).min(1).max(2) }),
]);
export type AdminClientMessage = z.infer<typeof adminClientMessage>;

export const adminServerMessage = z.discriminatedUnion('type', [
  pong, error, reconnect,
  helloResponse('admin_hello_response'),
  z.strictObject({ type: z.literal('subscribed'), ...re, topics: z.array(z.enum(adminTopics)) }),
  z.strictObject({ type: z.literal('nodes'), ...event, nodes: z.array(nodeStatusSchema) }),
  z.strictObject({
    type: z.literal('event'), ...event, at: z.string(), event: z.enum(['registration', 'authentication', 'context-created', 'context-expired']),
    outcome: z.string().max(64), vendorId: idField.optional(), terminalId: idField.optional(), durationMs: z.number().optional(), verified: z.boolean().optional(),
  }),
]);
export type AdminServerMessage = z.infer<typeof adminServerMessage>;

/** Close codes of all four channels; 4000…4999 are ours (RFC 6455 section 7.4.2). */
export const closeCodes = {
  1001: { name: 'going-away', reconnect: true, meaning: 'The process shuts down; reconnect elsewhere' },
  4400: { name: 'malformed', reconnect: false, meaning: 'A frame was not a documented message' },
  4401: { name: 'unauthenticated', reconnect: false, meaning: 'The hello carried no valid credential' },
  4403: { name: 'forbidden', reconnect: false, meaning: 'The credential may not use this channel' },
  4408: { name: 'hello-timeout', reconnect: true, meaning: 'No hello within 5 s' },
  4409: { name: 'out-of-order', reconnect: false, meaning: 'A message came before the hello, or a second hello' },
  4413: { name: 'payload-too-large', reconnect: false, meaning: 'A frame was larger than 1 MiB' },
  4423: { name: 'idle', reconnect: true, meaning: 'No pong within two heartbeats' },
  4429: { name: 'rate-limited', reconnect: true, meaning: 'Too many messages' },
  4430: { name: 'slow-consumer', reconnect: true, meaning: 'More than 1 MiB waited to be read' },
  4431: { name: 'too-many-connections', reconnect: true, meaning: 'Connection cap of this identity' },
  4440: { name: 'session-ended', reconnect: false, meaning: 'The session that this connection served is over' },
  4500: { name: 'internal', reconnect: true, meaning: 'Something went wrong here' },
} as const;
export type CloseCode = keyof typeof closeCodes;

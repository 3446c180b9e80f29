import { authenticationContextSchema, idField } from '@boop/identity';
import { z } from 'zod';
import { authenticationReasons, captureFailureSchema, networkInfoSchema, probeSchema } from '../rest.ts';
import { error, event, id, ping, pong, position, re, reconnect, resume } from './envelope.ts';

// /ws/pvs
export const pvsClientMessage = z.discriminatedUnion('type', [
  ping,
  z.strictObject({ type: z.literal('pvs_hello'), ...id, ...resume, terminalKey: z.string().max(200), encoder: idField }),
  z.strictObject({ type: z.literal('probe'), ...id, contextId: idField, probe: probeSchema }),
  z.strictObject({ type: z.literal('capture_failed'), ...id, contextId: idField, reason: captureFailureSchema }),
  z.strictObject({ type: z.literal('configuration_applied'), ...id, version: z.number().int().positive() }),
  z.strictObject({ type: z.literal('configuration_rejected'), ...id, version: z.number().int().positive(), code: z.string().max(64) }),
]);
export type PvsClientMessage = z.infer<typeof pvsClientMessage>;

export const pvsDocumentSchema = z.strictObject({ encoder: idField, sampleQualityMin: z.number().int().min(0).max(100), heartbeatMs: z.number().int() });
export type PvsDocument = z.infer<typeof pvsDocumentSchema>;

/** A terminal's settings: versioned, signed by the network, acknowledged; with `rollbackOf` the versions after this one up to that one are undone. */
export const pvsConfigurationSchema = z.strictObject({
  version: z.number().int().positive(),
  rollbackOf: z.number().int().positive().optional(),
  document: pvsDocumentSchema,
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

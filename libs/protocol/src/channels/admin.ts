import { idField } from '@boop/identity';
import { z } from 'zod';
import { auditEntrySchema } from '../directory.ts';
import { nodeStatusSchema } from '../rest.ts';
import { pvsConfigurationSchema, pvsDocumentSchema } from './pvs.ts';
import { error, event, helloResponse, id, ping, pong, re, reconnect, resume } from './envelope.ts';

// /ws/admin, for administrators and, but for what changes anything, for auditors
export const adminTopics = ['nodes', 'events', 'audit'] as const;
export const adminClientMessage = z.discriminatedUnion('type', [
  ping,
  z.strictObject({ type: z.literal('admin_hello'), ...id, ...resume, apiKey: z.string().max(200) }),
  z.strictObject({ type: z.literal('publish_configuration'), ...id, document: pvsDocumentSchema }),
  z.strictObject({ type: z.literal('roll_back_configuration'), ...id, version: z.number().int().positive() }),
  z.strictObject({ type: z.literal('subscribe'), ...id, topics: z.array(z.enum(adminTopics)).min(1).max(adminTopics.length) }),
]);
export type AdminClientMessage = z.infer<typeof adminClientMessage>;

export const adminServerMessage = z.discriminatedUnion('type', [
  pong, error, reconnect,
  helloResponse('admin_hello_response'),
  z.strictObject({ type: z.literal('subscribed'), ...re, topics: z.array(z.enum(adminTopics)) }),
  z.strictObject({ type: z.literal('configuration_published'), ...re, configuration: pvsConfigurationSchema }),
  z.strictObject({ type: z.literal('nodes'), ...event, nodes: z.array(nodeStatusSchema) }),
  z.strictObject({ type: z.literal('audit'), ...event, entry: auditEntrySchema }),
  z.strictObject({
    type: z.literal('event'), ...event, at: z.string(), event: z.enum(['registration', 'authentication', 'context-created', 'context-expired']),
    outcome: z.string().max(64), vendorId: idField.optional(), terminalId: idField.optional(), durationMs: z.number().optional(), verified: z.boolean().optional(),
  }),
]);
export type AdminServerMessage = z.infer<typeof adminServerMessage>;

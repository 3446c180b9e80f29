import { consentTextSchema, idField, positionSchema, registrationContextSchema, signedConsentSchema } from '@boop/identity';
import { z } from 'zod';
import { entryReceiptSchema } from '../log-entries.ts';
import { networkInfoSchema } from '../rest.ts';
import { sealedSplitSchema } from '../split.ts';
import { error, event, id, ping, pong, position, re, reconnect, resume } from './envelope.ts';
import { qualitySchema } from './quality.ts';

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

import { consentTextSchema, positionSchema, registrationContextSchema, signedConsentSchema } from '@boop/identity';
import { z } from 'zod';
import { registrationReceiptSchema } from './channels.ts';
import { qualitySchema } from './channels/quality.ts';
import { networkInfoSchema } from './rest.ts';
import { sealedSplitSchema } from './split.ts';

/** The session's own secret; of a link that nobody has opened yet, the link's. */
const secret = { secret: z.string().min(1).max(64) } as const;

/** `POST /v1/registrations/{id}/session`: opens the session of a link, once, or reads where one stands. */
export const openRegistrationSessionSchema = z.strictObject(secret);
export type OpenRegistrationSession = z.infer<typeof openRegistrationSessionSchema>;

export const registrationStates = ['consent', 'samples', 'running', 'done', 'failed', 'cancelled', 'expired'] as const;
export type RegistrationState = (typeof registrationStates)[number];

export const registrationSessionSchema = z.strictObject({
  context: registrationContextSchema,
  secret: z.string(),
  consentText: consentTextSchema,
  network: networkInfoSchema,
  sampleQualityMin: z.number().int(),
  /** What is waited for; the last four are ends. */
  state: z.enum(registrationStates),
  /** Indexes of the samples that had enough quality, by position. */
  samples: z.partialRecord(positionSchema, z.array(z.number().int())),
  receipt: registrationReceiptSchema.optional(),
});
export type RegistrationSessionView = z.infer<typeof registrationSessionSchema>;

/** `POST /v1/registrations/{id}/consent`. The same consent again changes nothing. */
export const giveRegistrationConsentSchema = z.strictObject({ ...secret, consent: signedConsentSchema });
export type GiveRegistrationConsent = z.infer<typeof giveRegistrationConsentSchema>;

/** `POST /v1/registrations/{id}/samples`: the quality of a capture, which itself stays on the device. */
export const registrationSampleSchema = z.strictObject({ ...secret, position: positionSchema, index: z.number().int().min(0).max(2), quality: qualitySchema });
export type RegistrationSample = z.infer<typeof registrationSampleSchema>;
export const registrationSampleTakenSchema = z.strictObject({ accepted: z.boolean(), remaining: z.number().int() });
export type RegistrationSampleTaken = z.infer<typeof registrationSampleTakenSchema>;

/** `POST /v1/registrations/{id}/completion`: the sealed split of one reference and all samples of each position. */
export const completeRegistrationSchema = z.strictObject({ ...secret, split: sealedSplitSchema });
export type CompleteRegistration = z.infer<typeof completeRegistrationSchema>;

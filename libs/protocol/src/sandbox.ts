import { idField } from '@boop/identity';
import { z } from 'zod';

/** People of the sandbox. Each has a subject of its own at each vendor, the same one every time. */
export const sandboxUsers = ['alice', 'bob', 'carol'] as const;

/** What a presented palm of the sandbox makes happen to a context. */
export const sandboxTemplates = ['match', 'unverified', 'no-match', 'low-quality', 'liveness-failure', 'device-error', 'timeout', 'node-down', 'not-consented', 'missing-attributes', 'insufficient-balance'] as const;

/** `POST /v1/sandbox/authentications/{id}/presentations` */
export const sandboxPresentationSchema = z.strictObject({ template: z.enum(sandboxTemplates), user: z.enum(sandboxUsers).default('alice') });
export type SandboxPresentation = z.infer<typeof sandboxPresentationSchema>;

/** `POST /v1/sandbox/registrations` */
export const sandboxRegistrationRequestSchema = z.strictObject({ template: z.enum(['new', 'duplicate', 'liveness-failure', 'node-down']), user: z.enum(sandboxUsers).default('alice') });
export type SandboxRegistrationRequest = z.infer<typeof sandboxRegistrationRequestSchema>;

export const sandboxRegistrationSchema = z.strictObject({ registrationId: idField, status: z.enum(['succeeded', 'failed']), code: z.string().optional(), retryAllowed: z.boolean() });
export type SandboxRegistration = z.infer<typeof sandboxRegistrationSchema>;

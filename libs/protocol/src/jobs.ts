import { contextTypeSchema, idField } from '@boop/identity';
import { z } from 'zod';
import { authenticationReasons, authenticationStatuses } from './rest.ts';

export const jobStatuses = ['created', 'processing', 'completed', 'failed'] as const;

/** Work that takes longer than a request. While it runs, `Retry-After` says when to look again. */
export const jobSchema = z.strictObject({
  id: idField,
  kind: z.string(),
  status: z.enum(jobStatuses),
  createdAt: z.string(),
  endedAt: z.string().optional(),
  /** What came of it; its form depends on `kind`. */
  result: z.unknown().optional(),
  /** Code of the problem for which it failed. */
  failure: z.string().optional(),
});
export type Job = z.infer<typeof jobSchema>;

/** `GET /v1/jobs`: the newest first, without what came of them. */
export const jobsSchema = z.strictObject({ jobs: z.array(jobSchema.omit({ result: true })), next: z.string().optional() });

/** `POST /v1/authentications/exports`: contexts opened in [from, to). */
export const createExportSchema = z.strictObject({ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) });

/** Result of an export; `isComplete` is false when there were more than 10,000. */
export const exportResultSchema = z.strictObject({
  authentications: z.array(z.strictObject({ id: idField, type: contextTypeSchema, status: z.enum(authenticationStatuses), reason: z.enum(authenticationReasons).optional(), createdAt: z.string() })),
  isComplete: z.boolean(),
});
export type ExportResult = z.infer<typeof exportResultSchema>;

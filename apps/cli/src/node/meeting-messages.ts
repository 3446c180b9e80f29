import { manifestVoteSchema } from '@boop/protocol';
import { z } from 'zod';
import { signedDescriptorSchema } from './member-descriptor.ts';

/** What one machine says to another before there is a network: the same in both directions, all of it public. */
export const meetingMessageSchema = z.strictObject({
  v: z.literal(1),
  member: signedDescriptorSchema,
  /** The sender's clock. */
  atMs: z.number().int().min(0),
  /** Digest of the first manifest, once the sender has met everybody. */
  manifest: z.string().length(43).optional(),
  /** The sender's approval of it, once its custodian has compared fingerprints. */
  vote: manifestVoteSchema.optional(),
  /** The sender holds everybody's approval, durably. */
  complete: z.boolean(),
});
export type MeetingMessage = z.infer<typeof meetingMessageSchema>;

export const meetingReplySchema = z.union([z.strictObject({ ok: z.literal(true), message: meetingMessageSchema }), z.strictObject({ ok: z.literal(false), code: z.string().max(80), reason: z.string().max(500) })]);

export const MEETING_PATH = '/boop/meet/1';
export const MEETING_BYTES_MAX = 16 * 1024;
/** Clocks further apart are refused: what nodes sign holds times. */
export const CLOCK_SKEW_MAX_MS = 60_000;

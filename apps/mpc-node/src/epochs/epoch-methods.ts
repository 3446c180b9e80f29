import { bytesField, secondsField } from '@boop/identity';
import { epochCertificateSchema, epochReadinessSchema } from '@boop/protocol';
import { type PartyId } from '@boop/shared';
import { z } from 'zod';
import { erasureCauseSchema, galleryHeadSchema, groupKeyNameSchema, registrationCertificateSchema } from '../link/peer-methods.ts';

/** Requests among nodes about the change from one epoch to the next. Those of a running attempt come from the node that leads it. */
const bytesOf = (size: number) => z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === size, { message: `must be ${size} bytes` });
const bytesUpTo = (size: number) => z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= size, { message: `must be at most ${size} bytes` });
const party = z.number().int().min(1).max(255);
const parties = z.array(party).min(3).max(7);
const hash = bytesField(32);
const epoch = z.number().int().positive();
const nothing = z.strictObject({});
const attempt = bytesOf(16);
const runId = bytesOf(16);

/** Registrations that one batch moves at most: about 0.2 MB from each dealer to each receiver, and a few milliseconds of work at a time. */
export const registrationsPerBatchMax = 16;

export const epochMethods = {
  'epoch.status': {
    body: nothing,
    answer: z.strictObject({
      /** Epoch that this node serves; 0 when it is about to join. */
      epoch: z.number().int().min(0),
      /** Hash of the manifest that this node's custodian has approved for the next epoch. */
      next: hash.optional(),
      /** An attempt that was begun here and is not settled. */
      open: z.strictObject({ epoch, attempt, state: z.enum(['preparing', 'signed', 'stopped']) }).optional(),
      /** Of the epoch that is served. */
      certificate: epochCertificateSchema.optional(),
    }),
  },
  /** Durable when answered; what an earlier attempt has left is deleted. `threshold` is the present epoch's, which a node that joins does not know. */
  'epoch.begin': { body: z.strictObject({ attempt, to: epoch, manifest: hash, dealers: parties, threshold: z.number().int().min(1).max(3) }), answer: nothing },
  /** Dealers agree on keys for the masks of this attempt. */
  'epoch.masks': { body: z.strictObject({ attempt, runId }), answer: nothing },
  /** The rows of these registrations are dealt anew; durable at every receiver when answered. */
  'epoch.rows': { body: z.strictObject({ attempt, runId, certificates: z.array(registrationCertificateSchema).min(1).max(registrationsPerBatchMax), erasures: z.array(z.strictObject({ splitHash: hash, cause: erasureCauseSchema })).max(registrationsPerBatchMax) }), answer: nothing },
  /** The shares of a group key are dealt anew; `old` is its public side. */
  'epoch.key': { body: z.strictObject({ attempt, runId, name: groupKeyNameSchema, old: bytesUpTo(1024) }), answer: nothing },
  /** No registration begins here for some seconds, nor after the commit. */
  'epoch.close': { body: z.strictObject({ attempt }), answer: z.strictObject({ head: galleryHeadSchema, pending: z.boolean() }) },
  'epoch.reopen': { body: z.strictObject({ attempt }), answer: nothing },
  'epoch.ready': { body: z.strictObject({ attempt, head: galleryHeadSchema, time: secondsField }), answer: z.strictObject({ readiness: epochReadinessSchema, signature: bytesField(64) }) },
  'epoch.commit': { body: epochCertificateSchema, answer: z.strictObject({ receipt: bytesField(64) }) },
  /** Promises never to commit an attempt, unless a node is found that has. */
  'epoch.stop': { body: z.strictObject({ attempt, to: epoch }), answer: nothing },
  /** Has this node erased an epoch? Then its signature over the log's entry that says so. */
  'epoch.erased': { body: z.strictObject({ epoch, time: secondsField }), answer: z.strictObject({ erased: z.boolean(), receipt: bytesField(64).optional() }) },
} as const;

export type EpochMethod = keyof typeof epochMethods;
export type EpochBody<M extends EpochMethod> = z.infer<(typeof epochMethods)[M]['body']>;
export type EpochAnswer<M extends EpochMethod> = z.infer<(typeof epochMethods)[M]['answer']>;
export type EpochHandlers = { readonly [M in EpochMethod]: (from: PartyId, body: EpochBody<M>) => Promise<EpochAnswer<M>> };


import { type ConsentText, type Position, type RegistrationContext, sessionIdOf, type SignedConsent, verifyConsent } from '@boop/identity';
import { type qualitySchema, type RegistrationReceipt, type RegistrationState, sampleQualityMin, type SealedSplit, type SplitItemPurpose } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type z } from 'zod';
import { type WebhookEvent } from '../webhooks/webhook-event.ts';
import { adminEvent, isoTime, type OutboxEntry, registrationEvent, type Transition } from './events.ts';

export type Quality = z.infer<typeof qualitySchema>;

/** A registration session. Times in milliseconds since the Unix epoch; no sample and no share is ever part of it. */
export interface RegistrationRecord {
  readonly id: string;
  /** SHA-256 of the secret that resumes the session. */
  readonly secretHash: Uint8Array;
  /** The vendor by whose link the session was opened. */
  readonly vendorId?: string;
  readonly state: RegistrationState;
  readonly context: RegistrationContext;
  readonly consentText: ConsentText;
  readonly consent?: SignedConsent;
  /** Indexes of the samples that had enough quality, by position. */
  readonly samples: Readonly<Partial<Record<Position, readonly number[]>>>;
  readonly receipt?: RegistrationReceipt;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly runningSinceMs?: number;
}

/** A run is bounded by 30 s; longer in `running` means that its gateway died, or that the nodes have yet to tell how it ended. */
export const staleRunMs = 40_000;

export const sessionIdOfRegistration = (record: RegistrationRecord): string => sessionIdOf(record.context);

export function openRegistration(input: Pick<RegistrationRecord, 'secretHash' | 'vendorId' | 'context' | 'consentText'> & { nowMs: number }): Transition<RegistrationRecord> {
  const { secretHash, vendorId, context, consentText, nowMs } = input;
  const record: RegistrationRecord = {
    id: context.registrationId,
    secretHash,
    ...(vendorId === undefined ? {} : { vendorId }),
    state: 'consent',
    context,
    consentText,
    samples: {},
    createdAtMs: nowMs,
    expiresAtMs: context.expiresAt * 1000,
  };
  return { record, events: [registrationEvent(record.id, { type: 'registration_progress', step: 'consent' })] };
}

/** consent → samples. The same consent again changes nothing; another one is refused. @throws BoopError `consent.*`, `context.*`, `request.conflict` */
export function recordConsent(record: RegistrationRecord, consent: SignedConsent, nowMs: number): Transition<RegistrationRecord> {
  assertOpen(record, nowMs);
  verifyConsent(consent, { networkId: record.context.networkId, registrationId: record.id, texts: [record.consentText] });
  if (record.state !== 'consent') {
    if (record.consent?.signature === consent.signature) return { record, events: [] };
    throw new BoopError('request.conflict', 'consent was given already');
  }
  return {
    record: { ...record, state: 'samples', consent },
    events: [registrationEvent(record.id, { type: 'consent_recorded' }), registrationEvent(record.id, { type: 'registration_progress', step: 'samples' })],
  };
}

/** Notes a sample's quality; the sample itself stays on the device until the split. @throws BoopError `consent.missing`, `context.*`, `request.conflict`, `request.malformed` */
export function recordSample(
  record: RegistrationRecord,
  sample: { position: Position; index: number; quality: Quality },
  nowMs: number,
): Transition<RegistrationRecord> & { accepted: boolean; remaining: number } {
  assertOpen(record, nowMs);
  if (!record.consent) throw consentMissing();
  if (record.state !== 'samples') throw new BoopError('request.conflict', 'the registration is being processed');
  const { position, index, quality } = sample;
  const { positions, samplesPerPosition } = record.context;
  if (!positions.includes(position) || index >= samplesPerPosition) throw new BoopError('request.malformed', 'the registration has no such sample');
  const accepted = quality.score >= sampleQualityMin;
  // A sample that is captured again replaces the one before, also when it has become worse.
  const others = (record.samples[position] ?? []).filter((known) => known !== index);
  const indexes = accepted ? [...others, index].sort() : others;
  const next: RegistrationRecord = { ...record, samples: { ...record.samples, [position]: indexes } };
  const remaining = samplesPerPosition - indexes.length;
  const event = accepted
    ? registrationEvent(record.id, { type: 'sample_accepted', position, index, remaining })
    : registrationEvent(record.id, { type: 'sample_rejected', position, index, quality });
  return { record: next, events: [event], accepted, remaining };
}

/**
 * samples → running.
 * @throws BoopError `consent.missing`, `registration.incomplete`, `request.forbidden` (split not signed by the account key), `context.*`,
 *   `request.conflict`
 */
export function beginRun(record: RegistrationRecord, split: SealedSplit, nowMs: number): Transition<RegistrationRecord> {
  assertOpen(record, nowMs);
  if (!record.consent) throw consentMissing();
  const busy = record.state === 'running' && nowMs - (record.runningSinceMs ?? 0) < staleRunMs;
  if (busy) throw new BoopError('request.conflict', 'the registration is being processed', { retryAllowed: true });
  const { positions, samplesPerPosition } = record.context;
  if (positions.some((position) => (record.samples[position]?.length ?? 0) < samplesPerPosition))
    throw new BoopError('registration.incomplete', 'samples are missing');
  if (!sameItems(split.header.items, expectedItems(record.context))) throw new BoopError('registration.incomplete', 'the split does not hold one reference and all samples of each position');
  if (split.deviceKey !== record.consent.record.accountKey) throw new BoopError('request.forbidden', 'the split is not signed by the account key that gave consent');
  return {
    record: { ...record, state: 'running', runningSinceMs: nowMs },
    events: [registrationEvent(record.id, { type: 'registration_progress', step: 'checking-samples' })],
  };
}

export interface RegistrationOutcome {
  readonly verified: boolean;
  readonly outbox: OutboxEntry;
  /** That consent was given, for the log as well. */
  readonly consent: OutboxEntry;
  /** Canonical bytes of the log entry, base64url. */
  readonly entryText: string;
}

/** running → done. */
export function completeRegistration(record: RegistrationRecord, outcome: RegistrationOutcome, nowMs: number): Transition<RegistrationRecord> {
  if (record.state !== 'running') throw ended(record.state);
  const { verified, outbox, consent, entryText } = outcome;
  const receipt: RegistrationReceipt = {
    registrationId: record.id,
    registeredAt: isoTime(nowMs),
    positions: [...record.context.positions],
    verified,
    logEntry: outbox.entryHash,
    receipt: { entry: entryText, signatures: [...outbox.receipts] },
  };
  return {
    record: { ...withoutRun(record, 'done'), receipt },
    outbox: [outbox, consent],
    webhooks: endOfRegistration(record.vendorId, record.id, 'succeeded', nowMs),
    events: [
      registrationEvent(record.id, { type: 'registration_progress', step: 'done' }),
      registrationEvent(record.id, { type: 'registration_succeeded', receipt }),
      adminEvent({ type: 'event', at: isoTime(nowMs), event: 'registration', outcome: 'ok', durationMs: nowMs - (record.runningSinceMs ?? nowMs), verified }),
    ],
  };
}

/** Codes after which the same session can't succeed any more. */
const finalCodes: ReadonlySet<string> = new Set(['registration.duplicate', 'registration.nothing-to-renew']);
export const endsRegistration = (code: string): boolean => finalCodes.has(code);

/** running → samples (a new split may be sent), or failed when trying again makes no sense. Nothing was stored. */
export function failRun(record: RegistrationRecord, problem: { code: string; message: string; retryAllowed: boolean }, nowMs: number): Transition<RegistrationRecord> {
  if (record.state !== 'running') return { record, events: [] };
  const final = endsRegistration(problem.code);
  return {
    record: withoutRun(record, final ? 'failed' : 'samples'),
    ...(final ? { webhooks: endOfRegistration(record.vendorId, record.id, 'failed', nowMs) } : {}),
    events: [
      registrationEvent(record.id, { type: 'registration_failed', ...problem }),
      adminEvent({ type: 'event', at: isoTime(nowMs), event: 'registration', outcome: problem.code, durationMs: nowMs - (record.runningSinceMs ?? nowMs) }),
    ],
  };
}

/** Ends a session that is not running; repeating it changes nothing. */
export function cancelRegistration(record: RegistrationRecord, nowMs: number): Transition<RegistrationRecord> {
  if (record.state === 'cancelled') return { record, events: [] };
  assertOpen(record, nowMs);
  if (record.state === 'running') throw new BoopError('request.conflict', 'the registration is being processed');
  return { record: { ...record, state: 'cancelled' }, events: [], webhooks: endOfRegistration(record.vendorId, record.id, 'cancelled', nowMs) };
}

export function expireRegistration(record: RegistrationRecord, nowMs: number): Transition<RegistrationRecord> {
  // What runs is settled by what the nodes have stored.
  if (nowMs < record.expiresAtMs || record.state === 'running' || isOver(record.state)) return { record, events: [] };
  const problem = { code: 'context.expired', message: 'the registration has expired', retryAllowed: true };
  return { record: withoutRun(record, 'expired'), events: [registrationEvent(record.id, { type: 'registration_failed', ...problem })], webhooks: endOfRegistration(record.vendorId, record.id, 'expired', nowMs) };
}

/** What a vendor is told when a registration that it asked for has ended; why one failed is the person's matter. */
export const endOfRegistration = (vendorId: string | undefined, id: string, status: 'succeeded' | 'failed' | 'cancelled' | 'expired', atMs: number): readonly WebhookEvent[] =>
  vendorId === undefined ? [] : [{ vendorId, type: `registration.${status}`, data: { registration: { id, status } }, atMs }];

/** One reference and all samples of each position, in the order in which nodes cut the plaintext. */
export const expectedItems = (context: RegistrationContext): SplitItemPurpose[] =>
  context.positions.flatMap((position): SplitItemPurpose[] => [
    { role: 'reference', position },
    ...Array.from({ length: context.samplesPerPosition }, (_, index): SplitItemPurpose => ({ role: 'sample', position, index })),
  ]);

const itemName = ({ role, position, index }: SplitItemPurpose): string => `${role}/${position ?? ''}/${index ?? ''}`;
const sameItems = (a: readonly SplitItemPurpose[], b: readonly SplitItemPurpose[]): boolean =>
  a.length === b.length && a.map(itemName).sort().join() === b.map(itemName).sort().join();

const isOver = (state: RegistrationState): boolean => state === 'done' || state === 'failed' || state === 'cancelled' || state === 'expired';

function assertOpen(record: RegistrationRecord, nowMs: number): void {
  if (isOver(record.state)) throw ended(record.state);
  if (nowMs >= record.expiresAtMs) throw ended('expired');
}

function ended(state: RegistrationState): BoopError {
  if (state === 'expired') return new BoopError('context.expired', 'the registration has expired');
  if (state === 'cancelled') return new BoopError('context.cancelled', 'the registration was cancelled');
  return new BoopError('context.decided', 'the registration has been decided');
}

const consentMissing = (): BoopError => new BoopError('consent.missing', 'no consent was given');

function withoutRun(record: RegistrationRecord, state: RegistrationState): RegistrationRecord {
  const next = { ...record, state };
  delete next.runningSinceMs;
  return next;
}

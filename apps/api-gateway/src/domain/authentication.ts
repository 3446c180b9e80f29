import { type Sealed, sessionIdOf } from '@boop/identity';
import { type AuthenticationReason, type CaptureFailure } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type ClaimedPerson } from '../attempts/attempt-limits.ts';
import { type WebhookEvent } from '../webhooks/webhook-event.ts';
import { type AuthenticationOutcome, type AuthenticationRecord, type AuthenticationResult, type AuthenticationStatus, isDue, staleProcessingMs } from './authentication-record.ts';
import { viewOf, withoutToken } from './authentication-view.ts';
import { type ChannelEvent, adminEvent, isoTime, type OutboxEntry, pvsEvent, type Transition, vendorEvent } from './events.ts';

/** Whether the same person may simply try again. */
export const retryAllowedAfter: Record<AuthenticationReason, boolean> = {
  ok: false,
  'no-match': true,
  'vendor-not-consented': false,
  'user-missing-attributes': false,
  quality: true,
  liveness: true,
  'device-error': true,
  'vendor-suspended': false,
  'insufficient-balance': true,
  unverified: true,
  timeout: true,
};

export function openAuthentication(input: Pick<AuthenticationRecord, 'request' | 'requestHash' | 'context' | 'link'> & { nowMs: number }): Transition<AuthenticationRecord> {
  const { request, requestHash, context, link, nowMs } = input;
  const record: AuthenticationRecord = {
    id: context.contextId,
    vendorId: context.vendorId,
    sessionId: sessionIdOf(context),
    status: 'pending',
    request,
    requestHash,
    context,
    link,
    createdAtMs: nowMs,
    expiresAtMs: context.expiresAt * 1000,
  };
  return { record, events: [...requestedEvents(record), adminEvent({ type: 'event', event: 'context-created', outcome: context.type, ...who(record, nowMs) })] };
}

/** Tells the terminal that the context names, if it names one; repeated when a terminal connects anew. */
export const requestedEvents = (record: AuthenticationRecord): ChannelEvent[] =>
  record.context.terminalId === undefined ? [] : [pvsEvent(record.context.terminalId, { type: 'authentication_requested', context: record.context })];

/**
 * pending → processing. The context is taken by one probe at a time.
 * @throws BoopError `context.expired`, `context.cancelled`, `context.decided`, `request.conflict`
 */
export function beginProbe(record: AuthenticationRecord, nowMs: number): Transition<AuthenticationRecord> {
  assertOpen(record, nowMs);
  if (record.status === 'processing' && nowMs - (record.processingSinceMs ?? 0) < staleProcessingMs)
    throw new BoopError('request.conflict', 'another probe is being processed for this context', { retryAllowed: true });
  return { record: { ...record, status: 'processing', processingSinceMs: nowMs }, events: [] };
}

/** processing → pending: nothing was decided, so the terminal may capture again until the context expires. */
export function releaseProbe(record: AuthenticationRecord): Transition<AuthenticationRecord> {
  if (record.status !== 'processing') return { record, events: [] };
  return { record: withoutProcessing(record, 'pending'), events: [] };
}

/** Reasons that the nodes themselves give. */
export type NodesReason = 'ok' | 'no-match' | 'unverified' | 'user-missing-attributes' | 'vendor-not-consented';

/** Reasons for which a context ends without a signed decision. */
export type UndecidedReason = CaptureFailure | 'vendor-suspended' | 'vendor-not-consented' | 'user-missing-attributes' | 'insufficient-balance';

export interface ProbeDecision {
  readonly accepted: boolean;
  readonly reason: NodesReason;
  readonly verified: boolean;
  readonly idToken?: string | undefined;
  /** Whom the token names. */
  readonly sub?: string | undefined;
  /** Consented attributes, sealed to the vendor. */
  readonly released?: Sealed | undefined;
  /** Required attributes that the person lacks; with `user-missing-attributes`. */
  readonly missing?: readonly string[] | undefined;
  readonly outbox: OutboxEntry;
  /** Money that is reserved for an accepted payment. */
  readonly paymentId?: string | undefined;
  /** The terminal that sent the probe. */
  readonly terminalId: string;
  /** Canonical bytes of the log entry, base64url. */
  readonly entryText: string;
}

/**
 * processing → succeeded or failed, once.
 * @throws BoopError `context.cancelled`, `context.decided` when something else ended the context meanwhile
 */
export function decideProbe(record: AuthenticationRecord, decision: ProbeDecision, nowMs: number): Transition<AuthenticationRecord> {
  if (record.status !== 'processing') throw ended(record.status);
  const { accepted, reason, verified, outbox } = decision;
  const result: AuthenticationResult = {
    reason,
    retryAllowed: retryAllowedAfter[reason],
    verified,
    ...(decision.idToken === undefined ? {} : { idToken: decision.idToken }),
    ...(decision.released === undefined ? {} : { attributes: decision.released }),
    logEntry: outbox.entryHash,
    receipt: { entry: decision.entryText, signatures: [...outbox.receipts] },
    decidedAt: isoTime(nowMs),
  };
  const next: AuthenticationRecord = { ...withoutProcessing(record, accepted ? 'succeeded' : 'failed'), result, outcome: outcomeOf(reason, nowMs, decision.missing) };
  const outcome = accepted
    ? vendorEvent(next.vendorId, { type: 'authentication_success', authentication: viewOf(next, nowMs) })
    : failedEvent(next, reason, nowMs);
  const durationMs = nowMs - (record.processingSinceMs ?? nowMs);
  return {
    record: next,
    outbox: [outbox],
    ...(accepted || reason === 'no-match' ? { attempt: { terminalId: decision.terminalId, person: personOf(next, decision.sub), failed: !accepted, atMs: nowMs } } : {}),
    ...(accepted && decision.paymentId !== undefined ? { posting: decision.paymentId } : {}),
    webhooks: [endedWebhook(next, nowMs)],
    events: [
      outcome,
      endedEvent(next.id, decision.terminalId, reason),
      adminEvent({ type: 'event', event: 'authentication', outcome: reason, durationMs, verified, ...who(next, nowMs), terminalId: decision.terminalId }),
    ],
  };
}

/** Whom an attempt is counted for beside its terminal: the person who was recognised, or else the one who was claimed. */
function personOf({ vendorId, context }: AuthenticationRecord, sub?: string): ClaimedPerson | undefined {
  const subject = sub ?? context.subject;
  return subject === undefined ? undefined : { vendorId, subject };
}

/** The terminal gives up: pending → failed, without a decision of the nodes. */
export function failCapture(record: AuthenticationRecord, terminalId: string, reason: CaptureFailure, nowMs: number): Transition<AuthenticationRecord> {
  assertOpen(record, nowMs);
  if (record.status !== 'pending') throw new BoopError('request.conflict', 'a probe is being processed for this context');
  return failUndecided(record, terminalId, reason, nowMs);
}

/** Ends an open context without a decision of the nodes, or in spite of one that was not signed. @throws BoopError when it has ended */
export function failUndecided(record: AuthenticationRecord, terminalId: string, reason: UndecidedReason, nowMs: number, missing?: readonly string[]): Transition<AuthenticationRecord> {
  if (record.status !== 'pending' && record.status !== 'processing') throw ended(record.status);
  const next: AuthenticationRecord = { ...withoutProcessing(record, 'failed'), outcome: outcomeOf(reason, nowMs, missing) };
  return {
    record: next,
    ...(reason === 'liveness' ? { attempt: { terminalId, person: personOf(next), failed: true, atMs: nowMs } } : {}),
    webhooks: [endedWebhook(next, nowMs)],
    events: [
      failedEvent(next, reason, nowMs),
      endedEvent(next.id, terminalId, reason),
      adminEvent({ type: 'event', event: 'authentication', outcome: reason, ...who(next, nowMs), terminalId }),
    ],
  };
}

/** pending → cancelled; repeating it changes nothing. @throws BoopError `context.expired`, `context.decided`, `request.conflict` */
export function cancelAuthentication(record: AuthenticationRecord, nowMs: number): Transition<AuthenticationRecord> {
  if (record.status === 'cancelled') return { record, events: [] };
  assertOpen(record, nowMs);
  if (record.status === 'processing') throw new BoopError('request.conflict', 'a probe is being processed for this context', { retryAllowed: true });
  const next: AuthenticationRecord = { ...record, status: 'cancelled' };
  return { record: next, webhooks: [endedWebhook(next, nowMs)], events: [vendorEvent(next.vendorId, { type: 'context_cancelled', contextId: next.id })] };
}

/** Due → expired; anything else stays. */
export function expireAuthentication(record: AuthenticationRecord, nowMs: number): Transition<AuthenticationRecord> {
  if (!isDue(record, nowMs)) return { record, events: [] };
  const next: AuthenticationRecord = { ...withoutProcessing(record, 'expired'), outcome: outcomeOf('timeout', nowMs) };
  return {
    record: next,
    webhooks: [endedWebhook(next, nowMs)],
    events: [
      vendorEvent(next.vendorId, { type: 'context_expired', contextId: next.id }),
      ...(next.context.terminalId === undefined ? [] : [endedEvent(next.id, next.context.terminalId, 'timeout')]),
      adminEvent({ type: 'event', event: 'context-expired', outcome: 'timeout', ...who(next, nowMs) }),
    ],
  };
}

function assertOpen(record: AuthenticationRecord, nowMs: number): void {
  if (record.status !== 'pending' && record.status !== 'processing') throw ended(record.status);
  if (nowMs >= record.expiresAtMs) throw ended('expired');
}

function ended(status: AuthenticationStatus): BoopError {
  if (status === 'expired') return new BoopError('context.expired', 'the context has expired');
  if (status === 'cancelled') return new BoopError('context.cancelled', 'the context was cancelled');
  return new BoopError('context.decided', 'the context has its decision');
}

function withoutProcessing(record: AuthenticationRecord, status: AuthenticationStatus): AuthenticationRecord {
  const next = { ...record, status };
  delete next.processingSinceMs;
  return next;
}

const outcomeOf = (reason: AuthenticationReason, nowMs: number, missing?: readonly string[]): AuthenticationOutcome => ({
  reason,
  retryAllowed: retryAllowedAfter[reason],
  endedAt: isoTime(nowMs),
  ...(missing ? { missing: [...missing] } : {}),
});

/** What the vendor is told over HTTP: the resource without the token, which is fetched with the vendor's own credential. */
function endedWebhook(record: AuthenticationRecord, nowMs: number): WebhookEvent {
  const type = `authentication.${record.status as 'succeeded' | 'failed' | 'expired' | 'cancelled'}` as const;
  return { vendorId: record.vendorId, type, data: { authentication: withoutToken(viewOf(record, nowMs)) }, atMs: nowMs };
}

const who = (record: AuthenticationRecord, nowMs: number): { at: string; vendorId: string; terminalId?: string } => ({
  at: isoTime(nowMs),
  vendorId: record.vendorId,
  ...(record.context.terminalId === undefined ? {} : { terminalId: record.context.terminalId }),
});

function failedEvent(record: AuthenticationRecord, reason: AuthenticationReason, nowMs: number): ChannelEvent {
  return vendorEvent(record.vendorId, {
    type: 'authentication_failed',
    contextId: record.id,
    reason,
    retryAllowed: retryAllowedAfter[reason],
    authentication: viewOf(record, nowMs),
  });
}

const endedEvent = (contextId: string, terminalId: string, reason: AuthenticationReason): ChannelEvent =>
  pvsEvent(terminalId, { type: 'authentication_ended', contextId, reason, retryAllowed: retryAllowedAfter[reason] });

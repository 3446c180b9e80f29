import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type WebhookEventType, webhookEventTypes } from '@boop/protocol';
import { equalBytes, utf8 } from '@boop/shared';
import { z } from 'zod';
import { sdkError } from '../errors.ts';

/** Clocks may differ by this much; older deliveries are replays (Standard Webhooks). */
const toleranceSeconds = 300;
const prefix = 'whsec_';

const bodySchema = z.looseObject({ type: z.enum(webhookEventTypes), timestamp: z.string(), data: z.record(z.string(), z.unknown()) });

export interface WebhookEvent {
  /** Equal for all deliveries of one event: remember it, and drop repeats. */
  readonly id: string;
  readonly type: WebhookEventType;
  /** When it happened, ISO 8601. */
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface WebhookDelivery {
  /** The body as it arrived, byte by byte, not parsed and printed again. */
  readonly body: string;
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** `whsec_…` of the endpoint. While a secret is rotated, deliveries are signed with both. */
  readonly secret: string;
  /** Milliseconds; the present by default. */
  readonly nowMs?: number;
}

/**
 * Checks a delivery (Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`) and parses it.
 * @throws BoopError `webhook.invalid` when the signature, its age or the body is wrong
 */
export function verifyWebhook({ body, headers, secret, nowMs = Date.now() }: WebhookDelivery): WebhookEvent {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => header(headers, name));
  const seconds = Number(timestamp);
  if (!id || !timestamp || !signatures || !/^\d+$/.test(timestamp) || Math.abs(nowMs / 1000 - seconds) > toleranceSeconds) throw invalid();
  const expected = hmac(sha256, keyOf(secret), utf8(`${id}.${timestamp}.${body}`));
  const signed = signatures.split(' ').some((signature) => signature.startsWith('v1,') && equalBytes(fromBase64(signature.slice(3)) ?? new Uint8Array(), expected));
  if (!signed) throw invalid();
  const parsed = bodySchema.safeParse(parseJson(body));
  if (!parsed.success) throw invalid();
  const { type, timestamp: at, data } = parsed.data;
  return { id, type, timestamp: at, data };
}

function header(headers: WebhookDelivery['headers'], name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : undefined;
}

function keyOf(secret: string): Uint8Array {
  const key = secret.startsWith(prefix) ? fromBase64(secret.slice(prefix.length)) : undefined;
  if (!key || key.length < 16) throw sdkError('webhook.secret-malformed');
  return key;
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const invalid = () => sdkError('webhook.invalid', { kind: 'peer' });

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { problems } from '@boop/protocol';
import { sdkCodes } from '@boop/sdk';
import { BoopError, isBoopError } from '@boop/shared';

/** Codes that the documentation promises; anything else that reaches a client is a fault. */
export const isDocumented = (code: string): boolean => code in problems || code in sdkCodes || /^(capture|template|log)\.[a-z-]+$/.test(code);

export const codeOf = (error: unknown): string => (isBoopError(error) ? error.code : `undocumented: ${String(error)}`);

const again = new Set([429, 502, 503, 504]);

/** A JSON request under one idempotency key, repeated until somebody answers it. @throws BoopError with the problem's code, `connection.lost` when nobody does */
export async function ask(method: 'GET' | 'POST' | 'PUT', url: string, key: string, body?: unknown, patienceMs = 60_000): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), 'idempotency-key': randomUUID() };
  for (const deadline = Date.now() + patienceMs; ; await sleep(300)) {
    try {
      const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }), signal: AbortSignal.timeout(15_000) });
      const answer = (await response.json()) as Record<string, unknown>;
      if (response.ok) return answer;
      const code = String(answer['code']);
      const isPassing = again.has(response.status) || response.status === 500 || code === 'idempotency.in-flight';
      if (!isPassing || Date.now() > deadline) throw new BoopError(code, String(answer['detail'] ?? answer['title']));
    } catch (error) {
      if (isBoopError(error)) throw error;
      if (Date.now() > deadline) throw new BoopError('connection.lost', 'nobody answers', { kind: 'unavailable', cause: error });
    }
  }
}

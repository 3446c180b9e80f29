import { randomUUID } from 'node:crypto';
import { type IncomingHttpHeaders } from 'node:http';

const form = /^[A-Za-z0-9._-]{1,64}$/;

/** The client's `X-Request-Id` when it is harmless, else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders | Record<string, unknown>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && form.test(given) ? given : randomUUID();
}

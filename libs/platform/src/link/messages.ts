import { BoopError, type FaultKind } from '@boop/shared';
import { decode, encode } from 'cborg';
import { z } from 'zod';
import { traceParentForm } from '../tracing/trace-parent.ts';

export const LINK_VERSION = 1;
export const BOOT_ID_BYTES = 16;
export const RUN_ID_BYTES = 16;

const U32_MAX = 0xffff_ffff;
const FAULT_KINDS = ['rejected', 'unavailable', 'peer', 'fatal'] as const satisfies readonly FaultKind[];

const requestId = z.number().int().min(0).max(U32_MAX);
const method = z.string().regex(/^[a-z][a-z0-9-]*(\.[a-z0-9-]+)*$/).max(64);

const helloSchema = z.strictObject({
  version: z.literal(LINK_VERSION),
  /** Random per process start: a peer that forgot its sessions shows another one. */
  bootId: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === BOOT_ID_BYTES),
});
const requestSchema = z.strictObject({ id: requestId, method, body: z.unknown(), traceparent: z.string().regex(traceParentForm).optional() });
const errorSchema = z.strictObject({
  code: z.string().regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/).max(80),
  message: z.string().max(500),
  kind: z.enum(FAULT_KINDS),
  retryAllowed: z.boolean(),
});
const responseSchema = z.union([
  z.strictObject({ id: requestId, ok: z.literal(true), body: z.unknown() }),
  z.strictObject({ id: requestId, ok: z.literal(false), error: errorSchema }),
]);

export type Hello = z.infer<typeof helloSchema>;
export type RequestMessage = z.infer<typeof requestSchema>;
export type ResponseMessage = z.infer<typeof responseSchema>;

export const parseHello = (bytes: Uint8Array): Hello => parse(helloSchema, bytes);
export const parseRequest = (bytes: Uint8Array): RequestMessage => parse(requestSchema, bytes);
export const parseResponse = (bytes: Uint8Array): ResponseMessage => parse(responseSchema, bytes);

/** CBOR (RFC 8949) with sorted keys; a property that is `undefined` is left out. */
export const encodeMessage = (message: Hello | RequestMessage | ResponseMessage): Uint8Array =>
  encode(message, { ignoreUndefinedProperties: true });

export function errorResponse(id: number, error: BoopError): ResponseMessage {
  const { code, kind, retryAllowed } = error;
  const parsed = errorSchema.safeParse({ code, message: error.message.slice(0, 500), kind, retryAllowed });
  return { id, ok: false, error: parsed.success ? parsed.data : INTERNAL_ERROR };
}

const INTERNAL_ERROR = { code: 'link.internal', message: 'the peer failed while it answered', kind: 'peer' as const, retryAllowed: false };

/** What a caller learns of a failure that is no BoopError: nothing but that it happened. */
export const internalErrorResponse = (id: number): ResponseMessage => ({ id, ok: false, error: INTERNAL_ERROR });

function parse<Message>(schema: z.ZodType<Message>, bytes: Uint8Array): Message {
  let value: unknown;
  try {
    // No indefinite lengths, no repeated keys, shortest integers, and tags are refused because none is registered.
    value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      rejectDuplicateMapKeys: true,
    });
  } catch {
    throw new BoopError('link.malformed', "a message isn't strict CBOR", { kind: 'peer' });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new BoopError('link.malformed', 'a message has the wrong form', { kind: 'peer' });
  return result.data;
}

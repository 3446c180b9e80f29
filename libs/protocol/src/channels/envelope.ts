import { z } from 'zod';

/** Parts of messages that all four channels share. */
export const id = { id: z.string().min(1).max(64).optional() };
export const resume = { resume: z.strictObject({ epoch: z.string().max(64), offset: z.number().int().min(0) }).optional() };
export const re = { re: z.string().optional() };
export const event = { epoch: z.string(), offset: z.number().int().min(1) };
export const position = { epoch: z.string(), offset: z.number().int().min(0) };

export const ping = z.strictObject({ type: z.literal('ping'), ...id });
export const pong = z.strictObject({ type: z.literal('pong'), ...re });
export const error = z.strictObject({ type: z.literal('error'), ...re, code: z.string(), message: z.string(), retryAllowed: z.boolean() });
/** The server is about to close: reconnect after this many milliseconds. */
export const reconnect = z.strictObject({ type: z.literal('reconnect'), afterMs: z.number().int() });
export const helloResponse = <T extends string>(type: T) =>
  z.strictObject({ type: z.literal(type), ...re, ...position, /** Whether everything since `resume` follows. */ recovered: z.boolean(), heartbeatMs: z.number().int() });

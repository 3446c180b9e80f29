import { BoopError, fromBase64Url } from '@boop/shared';
import { type z } from 'zod';

export const malformedRequest = (): BoopError => new BoopError('request.malformed', 'the request does not have the documented form');

/** Bytes of a base64url path segment. @throws BoopError `request.malformed` */
export function parseBytes(text: string, sizeMin: number, sizeMax: number): Uint8Array {
  try {
    const bytes = text.length <= 2 * sizeMax ? fromBase64Url(text) : new Uint8Array(0);
    if (bytes.length >= sizeMin && bytes.length <= sizeMax) return bytes;
  } catch {
    // Falls through to the one refusal.
  }
  throw malformedRequest();
}

/** @throws BoopError `request.malformed` */
export function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw malformedRequest();
  return parsed.data;
}

/** A non-negative integer as a path or query has it. @throws BoopError `request.malformed` */
export function parseCount(text: string | undefined, fallback?: number): number {
  if (text === undefined && fallback !== undefined) return fallback;
  const value = /^(0|[1-9][0-9]{0,15})$/.test(text ?? '') ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw malformedRequest();
  return value;
}

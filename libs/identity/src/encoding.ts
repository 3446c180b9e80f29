import { fromBase64Url } from '@boop/shared';
import { z } from 'zod';

/** base64url without padding of exactly `size` bytes. */
export const bytesField = (size: number) =>
  z.string().max(Math.ceil((size * 4) / 3)).refine((text) => decodedLength(text) === size, { message: `must be ${size} bytes as base64url` });

/** base64url without padding of at most `sizeMax` bytes. */
export const blobField = (sizeMax: number) =>
  z
    .string()
    .max(Math.ceil((sizeMax * 4) / 3))
    .refine((text) => decodedLength(text) >= 0, { message: 'must be base64url' });

/** Seconds since the Unix epoch. */
export const secondsField = z.number().int().min(0).max(253_402_300_799);

/** Identifier chosen by a client or by us: safe in URLs, logs and file names. */
export const idField = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

function decodedLength(text: string): number {
  try {
    return fromBase64Url(text).length;
  } catch {
    return -1;
  }
}

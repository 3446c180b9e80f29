import { z } from 'zod';
import { InvalidRequest } from '../domain/invalid-request.ts';

export const pageSizeMax = 100;
const pageSizeDefault = 50;

/** Query parameters of a list. They are text; a cursor is opaque to clients. */
export const pageQuery = z.strictObject({
  cursor: z.string().min(1).max(200).regex(/^[A-Za-z0-9_-]+$/).optional(),
  limit: z.string().regex(/^[1-9][0-9]{0,2}$/).optional(),
});

/** @throws InvalidRequest when `limit` is above {@link pageSizeMax} */
export function pageSizeOf(limit: string | undefined): number {
  const size = limit === undefined ? pageSizeDefault : Number(limit);
  if (size > pageSizeMax) throw new InvalidRequest([{ pointer: '/limit', detail: `is above ${pageSizeMax}` }]);
  return size;
}

/** A cursor over texts in which no line break stands. */
export const cursorOf = (...parts: readonly string[]): string => Buffer.from(parts.join('\n')).toString('base64url');

/** @throws InvalidRequest for a cursor that is not of so many parts */
export function partsOf(cursor: string | undefined, count: number): string[] | undefined {
  if (cursor === undefined) return undefined;
  const parts = Buffer.from(cursor, 'base64url').toString().split('\n');
  if (parts.length !== count || parts.some((part) => !/^[\x20-\x7e]+$/.test(part))) throw new InvalidRequest([{ pointer: '/cursor', detail: 'is not a cursor of this list' }]);
  return parts;
}

/** Cursor of a list that is ordered by time and id. */
export const cursorAt = ({ createdAtMs, id }: { createdAtMs: number; id: string }): string => cursorOf(String(createdAtMs), id);

/** What {@link cursorAt} made. @throws InvalidRequest */
export function placeOf(cursor: string | undefined): { createdAtMs: number; id: string } | undefined {
  const [createdAtMs, id] = partsOf(cursor, 2) ?? [];
  if (createdAtMs === undefined || id === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(createdAtMs)) throw new InvalidRequest([{ pointer: '/cursor', detail: 'is not a cursor of this list' }]);
  return { createdAtMs: Number(createdAtMs), id };
}

/** Cuts what was read, one more than the page holds, to the page and its cursor. */
export function pageOf<Row>(rows: readonly Row[], size: number, cursor: (last: Row) => string): { rows: readonly Row[]; next?: string } {
  if (rows.length <= size) return { rows };
  const kept = rows.slice(0, size);
  return { rows: kept, next: cursor(kept.at(-1)!) };
}

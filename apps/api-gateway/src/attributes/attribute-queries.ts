import { z } from 'zod';

const number = (max: number) => z.string().regex(/^[0-9]{1,16}$/).transform(Number).pipe(z.number().int().max(max));

export const releasesQuery = z.strictObject({
  /** Milliseconds: releases before it. */
  before: number(Number.MAX_SAFE_INTEGER).optional(),
  limit: number(200).pipe(z.number().min(1)).default(50),
});

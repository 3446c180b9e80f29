import { z } from 'zod';

/** Names of attributes: `birth_date`. */
export const attributeNameSchema = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/);

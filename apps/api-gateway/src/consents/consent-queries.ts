import { idField } from '@boop/identity';
import { consentStatuses } from '@boop/protocol';
import { z } from 'zod';

const limitMax = 100;

export const consentsQuery = z.strictObject({
  cursor: z.string().regex(/^\d{1,15}$/).optional(),
  limit: z.coerce.number().int().min(1).max(limitMax).default(limitMax),
  status: z.enum(consentStatuses).optional(),
});
export const consentIdParameter = idField;

import { contextTypeSchema, idField } from '@boop/identity';
import { authenticationStatuses } from '@boop/protocol';
import { z } from 'zod';
import { pageQuery } from './page.ts';

/** `GET /v1/authentications` */
export const authenticationsQuery = pageQuery.extend({
  status: z.enum(authenticationStatuses).optional(),
  type: contextTypeSchema.optional(),
  terminalId: idField.optional(),
  reference: z.string().min(1).max(100).optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
});

import { idField } from '@boop/identity';
import { registrationStatuses } from '@boop/protocol';
import { z } from 'zod';
import { pageQuery } from '../http/page.ts';

/** `GET /v1/registrations` */
export const registrationsQuery = pageQuery.extend({
  status: z.enum(registrationStatuses).optional(),
  /** For admins: what this vendor asked for. */
  vendorId: idField.optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
});

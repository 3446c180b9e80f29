import { idField } from '@boop/identity';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { z } from 'zod';
import { roles } from '../access/roles.ts';
import { Roles } from '../access/index.ts';
import { InvalidRequest, parseRequest } from '../domain/invalid-request.ts';
import { cursorOf, pageOf, pageQuery, pageSizeOf, partsOf } from '../http/page.ts';
import { AUDIT_TRAIL } from '../http/tokens.ts';
import { type AuditTrail } from './audit-trail.ts';

export const auditQuery = pageQuery.extend({
  role: z.enum(roles).optional(),
  principal: idField.optional(),
  /** Method and route, as in `POST /v1/vendors/{id}/suspend`. */
  action: z.string().max(200).regex(/^[A-Z]+ \/[A-Za-z0-9/{}._-]*$/).optional(),
  target: idField.optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
});

@Controller('v1/audit')
export class AuditController {
  readonly #trail: AuditTrail;

  constructor(@Inject(AUDIT_TRAIL) trail: AuditTrail) {
    this.#trail = trail;
  }

  /** Newest first. */
  @Get()
  @Roles('admin', 'auditor')
  async search(@Query() query: unknown): Promise<unknown> {
    const { cursor, limit, from, to, ...filter } = parseRequest(auditQuery, query);
    const size = pageSizeOf(limit);
    const [before] = partsOf(cursor, 1) ?? [];
    if (before !== undefined && !/^[0-9]{1,18}$/.test(before)) throw new InvalidRequest([{ pointer: '/cursor', detail: 'is not a cursor of this list' }]);
    const found = await this.#trail.search(
      { ...filter, ...(from === undefined ? {} : { from: new Date(from) }), ...(to === undefined ? {} : { to: new Date(to) }), ...(before === undefined ? {} : { before: BigInt(before) }) },
      size + 1,
    );
    const { rows, next } = pageOf(found, size, ({ id }) => cursorOf(id));
    return { entries: rows, ...(next === undefined ? {} : { next }) };
  }
}

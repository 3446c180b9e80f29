import { idField } from '@boop/identity';
import { createRegistrationSchema, type Registration } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Idempotency } from '../http/idempotency.ts';
import { cursorAt, pageOf, pageSizeOf, placeOf } from '../http/page.ts';
import { sendTagged } from '../http/preconditions.ts';
import { RegistrationLinks } from './link-service.ts';
import { registrationsQuery } from './registrations-query.ts';

@Controller('v1/registrations')
export class RegistrationsController {
  readonly #links: RegistrationLinks;
  readonly #idempotency: Idempotency;

  constructor(@Inject(RegistrationLinks) links: RegistrationLinks, @Inject(Idempotency) idempotency: Idempotency) {
    this.#links = links;
    this.#idempotency = idempotency;
  }

  @Post()
  @Roles('vendor', 'admin')
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const caller = callerOf(request);
    const wanted = parseRequest(createRegistrationSchema, body ?? {});
    const answer = await this.#idempotency.once(caller, request.headers['idempotency-key'], { path: 'POST /v1/registrations', body, required: true }, async () => ({ statusCode: 201, body: await this.#links.create(caller, wanted) }));
    const registration = answer.body as Registration;
    // The link is not part of what is stored for repetitions.
    void reply.status(answer.statusCode).header('location', `/v1/registrations/${registration.id}`).send({ ...registration, link: this.#links.linkOf(registration) });
  }

  @Get()
  @Roles('vendor', 'admin')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit, from, to, vendorId, status } = parseRequest(registrationsQuery, query);
    const size = pageSizeOf(limit);
    const times = { ...(from === undefined ? {} : { fromMs: Date.parse(from) }), ...(to === undefined ? {} : { toMs: Date.parse(to) }) };
    const found = await this.#links.list(callerOf(request), vendorId, { status, ...times, after: placeOf(cursor) }, size + 1);
    const { rows, next } = pageOf(found, size, ({ registration: { id }, createdAtMs }) => cursorAt({ createdAtMs, id }));
    return { registrations: rows.map(({ registration }) => registration), ...(next === undefined ? {} : { next }) };
  }

  @Get(':id')
  @Roles('vendor', 'admin')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    sendTagged(request, reply, await this.#links.get(callerOf(request), checkedId(id)));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Roles('vendor', 'admin')
  async cancel(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return await this.#links.cancel(callerOf(request), checkedId(id));
  }
}

function checkedId(id: string): string {
  if (!idField.safeParse(id).success) throw new BoopError('request.not-found', 'there is no such resource');
  return id;
}

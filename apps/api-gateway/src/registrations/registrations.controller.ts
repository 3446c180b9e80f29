import { idField } from '@boop/identity';
import { createRegistrationSchema, type Registration } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Idempotency } from '../http/idempotency.ts';
import { sendTagged } from '../http/preconditions.ts';
import { RegistrationLinks } from './link-service.ts';

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

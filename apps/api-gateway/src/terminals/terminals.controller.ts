import { idField } from '@boop/identity';
import { createPairingSchema, pairTerminalSchema, type Terminal } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest, callerOf, Limited, Public, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Idempotency } from '../http/idempotency.ts';
import { pageQuery, pageSizeOf, partsOf } from '../http/page.ts';
import { sendTagged } from '../http/preconditions.ts';
import { PairingService } from './pairing-service.ts';

@Controller('v1')
export class TerminalsController {
  readonly #service: PairingService;
  readonly #idempotency: Idempotency;

  constructor(@Inject(PairingService) service: PairingService, @Inject(Idempotency) idempotency: Idempotency) {
    this.#service = service;
    this.#idempotency = idempotency;
  }

  @Post('pairings')
  @Limited('pairing')
  @Public()
  open(@Body() body: unknown): Promise<unknown> {
    return this.#service.open(parseRequest(createPairingSchema, body));
  }

  @Get('pairings/:id')
  @Public()
  read(@Param('id') id: string): Promise<unknown> {
    return this.#service.read(checkedId(id));
  }

  @Post('terminals')
  @Limited('pairing')
  @Roles('vendor')
  async pair(@Req() request: AuthenticatedRequest, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const caller = callerOf(request);
    const wanted = parseRequest(pairTerminalSchema, body);
    const answer = await this.#idempotency.once(caller, request.headers['idempotency-key'], { path: 'POST /v1/terminals', body }, async () => ({ statusCode: 201, body: await this.#service.pair(caller.id, wanted) }));
    void reply.status(answer.statusCode).header('location', `/v1/terminals/${(answer.body as Terminal).id}`).send(answer.body);
  }

  @Get('terminals')
  @Roles('vendor', 'admin', 'auditor')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit } = parseRequest(pageQuery, query);
    const { rows, next } = await this.#service.list(callerOf(request), partsOf(cursor, 1)?.[0], pageSizeOf(limit));
    return { terminals: rows, ...(next === undefined ? {} : { next }) };
  }

  /** A terminal sees itself. */
  @Get('terminals/:id')
  @Roles('vendor', 'terminal', 'admin', 'auditor')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    sendTagged(request, reply, await this.#service.get(callerOf(request), checkedId(id)));
  }

  @Post('terminals/:id/suspend')
  @HttpCode(200)
  @Roles('vendor', 'admin')
  suspend(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return this.#service.setSuspended(callerOf(request), checkedId(id), true);
  }

  @Post('terminals/:id/resume')
  @HttpCode(200)
  @Roles('vendor', 'admin')
  resume(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return this.#service.setSuspended(callerOf(request), checkedId(id), false);
  }

  @Delete('terminals/:id')
  @HttpCode(204)
  @Limited('deletions')
  @Roles('vendor', 'admin')
  unpair(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<void> {
    return this.#service.unpair(callerOf(request), checkedId(id));
  }
}

function checkedId(id: string): string {
  if (!idField.safeParse(id).success) throw new BoopError('request.not-found', 'there is no such resource');
  return id;
}

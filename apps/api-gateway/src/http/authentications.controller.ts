import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { idField } from '@boop/identity';
import { createAuthenticationSchema, probeSchema } from '@boop/protocol';
import { BoopError, type Clock } from '@boop/shared';
import { type FastifyReply } from 'fastify';
import { terminalViewOf, viewOf } from '../domain/authentication-view.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { AuthenticationService } from '../services/authentication-service.ts';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { authenticationsQuery } from './authentications-query.ts';
import { etagOf } from './etag.ts';
import { Idempotency, type Reply } from './idempotency.ts';
import { cursorAt, pageOf, pageSizeOf, placeOf } from './page.ts';
import { CLOCK } from './tokens.ts';

const pathOf = (request: AuthenticatedRequest): string => request.url.split('?')[0]!;

@Controller('v1/authentications')
export class AuthenticationsController {
  readonly #service: AuthenticationService;
  readonly #idempotency: Idempotency;
  readonly #clock: Clock;

  constructor(@Inject(AuthenticationService) service: AuthenticationService, @Inject(Idempotency) idempotency: Idempotency, @Inject(CLOCK) clock: Clock) {
    this.#service = service;
    this.#idempotency = idempotency;
    this.#clock = clock;
  }

  @Post()
  @Roles('vendor')
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseRequest(createAuthenticationSchema, body);
    const answer = await this.#once(request, body, async () => {
      const { record, created } = await this.#service.create(callerOf(request).id, wanted);
      return { statusCode: created ? 201 : 200, body: viewOf(record, this.#clock.nowMs()) };
    });
    void reply.status(answer.statusCode).header('location', `/v1/authentications/${(answer.body as { id: string }).id}`).send(answer.body);
  }

  /** Newest first. A context whose time is over may still be listed as open for a moment. */
  @Get()
  @Roles('vendor')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit, from, to, ...filter } = parseRequest(authenticationsQuery, query);
    const size = pageSizeOf(limit);
    const times = { ...(from === undefined ? {} : { fromMs: Date.parse(from) }), ...(to === undefined ? {} : { toMs: Date.parse(to) }) };
    const found = await this.#service.list(callerOf(request).id, { ...filter, ...times, after: placeOf(cursor) }, size + 1);
    const { rows, next } = pageOf(found, size, cursorAt);
    const nowMs = this.#clock.nowMs();
    return { authentications: rows.map((record) => viewOf(record, nowMs)), ...(next === undefined ? {} : { next }) };
  }

  @Get(':id')
  @Roles('vendor', 'terminal')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const caller = callerOf(request);
    const nowMs = this.#clock.nowMs();
    const view =
      caller.role === 'terminal'
        ? terminalViewOf(await this.#service.getForTerminal(caller.id, checkedId(id)), nowMs)
        : viewOf(await this.#service.get(caller.id, checkedId(id)), nowMs);
    const etag = etagOf(view);
    void reply.header('etag', etag);
    if (request.headers['if-none-match'] === etag) void reply.status(304).send();
    else void reply.send(view);
  }

  @Post(':id/cancel')
  @Roles('vendor')
  async cancel(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.#once(request, body, async () => ({ statusCode: 200, body: viewOf(await this.#service.cancel(callerOf(request).id, checkedId(id)), this.#clock.nowMs()) }));
    void reply.status(answer.statusCode).send(answer.body);
  }

  /** Answers when the nodes have decided. */
  @Post(':id/probe')
  @Roles('terminal')
  async probe(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const probe = parseRequest(probeSchema, body);
    const answer = await this.#once(request, body, async () => ({ statusCode: 200, body: terminalViewOf(await this.#service.probe(callerOf(request).id, checkedId(id), probe), this.#clock.nowMs()) }));
    void reply.status(answer.statusCode).send(answer.body);
  }

  #once(request: AuthenticatedRequest, body: unknown, work: () => Promise<Reply>): Promise<Reply> {
    return this.#idempotency.once(callerOf(request), request.headers['idempotency-key'], { path: `${request.method} ${pathOf(request)}`, body }, work);
  }
}

function checkedId(id: string): string {
  if (!idField.safeParse(id).success) throw new BoopError('request.not-found', 'there is no such context');
  return id;
}

import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { changeWebhookEndpointSchema, createWebhookEndpointSchema, replayWebhooksSchema, rotateWebhookSecretSchema, type WebhookEndpoint } from '@boop/protocol';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Idempotency } from '../http/idempotency.ts';
import { cursorOf, pageOf, pageQuery, pageSizeOf, partsOf } from '../http/page.ts';
import { matches, sendTagged } from '../http/preconditions.ts';
import { WebhookEndpoints } from './endpoint-service.ts';
import { deliveriesQuery } from './webhooks.api.ts';

@Controller('v1/webhooks/endpoints')
export class WebhooksController {
  readonly #endpoints: WebhookEndpoints;
  readonly #idempotency: Idempotency;

  constructor(@Inject(WebhookEndpoints) endpoints: WebhookEndpoints, @Inject(Idempotency) idempotency: Idempotency) {
    this.#endpoints = endpoints;
    this.#idempotency = idempotency;
  }

  @Post()
  @Roles('vendor')
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const { id } = callerOf(request);
    const wanted = parseRequest(createWebhookEndpointSchema, body);
    const endpoint = (await this.#once(request, body, 201, () => this.#endpoints.create(id, wanted))) as WebhookEndpoint;
    // The secret is not part of what is stored for repetitions.
    return { ...endpoint, secret: await this.#endpoints.secretOf(id, endpoint.id) };
  }

  @Get()
  @Roles('vendor')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit } = parseRequest(pageQuery, query);
    const size = pageSizeOf(limit);
    const { rows, next } = pageOf(await this.#endpoints.list(callerOf(request).id, partsOf(cursor, 1)?.[0], size + 1), size, (last) => cursorOf(last.id));
    return { endpoints: rows, ...(next === undefined ? {} : { next }) };
  }

  @Get(':id')
  @Roles('vendor')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    sendTagged(request, reply, await this.#endpoints.get(callerOf(request).id, id));
  }

  @Patch(':id')
  @Roles('vendor')
  async change(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const change = parseRequest(changeWebhookEndpointSchema, body);
    sendTagged(request, reply, await this.#endpoints.change(callerOf(request).id, id, change, (current) => matches(request, current)));
  }

  @Delete(':id')
  @HttpCode(204)
  @Roles('vendor')
  async remove(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<void> {
    await this.#endpoints.remove(callerOf(request).id, id);
  }

  @Post(':id/rotations')
  @HttpCode(200)
  @Roles('vendor')
  async rotate(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown): Promise<unknown> {
    const caller = callerOf(request).id;
    const { overlapSeconds } = parseRequest(rotateWebhookSecretSchema, body ?? {});
    const endpoint = (await this.#once(request, body, 200, () => this.#endpoints.rotate(caller, id, overlapSeconds))) as WebhookEndpoint;
    return { ...endpoint, secret: await this.#endpoints.secretOf(caller, id) };
  }

  @Get(':id/deliveries')
  @Roles('vendor')
  async deliveries(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Query() query: unknown): Promise<unknown> {
    const { cursor, limit, status } = parseRequest(deliveriesQuery, query);
    const size = pageSizeOf(limit);
    const before = partsOf(cursor, 1)?.[0];
    const filter = { status, ...(before !== undefined && /^[0-9]{1,18}$/.test(before) ? { before: BigInt(before) } : {}) };
    const { rows, next } = pageOf(await this.#endpoints.deliveries(callerOf(request).id, id, filter, size + 1), size, (last) => cursorOf(last.id));
    return { deliveries: rows, ...(next === undefined ? {} : { next }) };
  }

  @Post(':id/replays')
  @HttpCode(202)
  @Roles('vendor')
  async replay(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown): Promise<unknown> {
    const what = parseRequest(replayWebhooksSchema, body);
    return await this.#once(request, body, 202, async () => ({ scheduled: await this.#endpoints.replay(callerOf(request).id, id, what) }));
  }

  @Post(':id/ping')
  @HttpCode(202)
  @Roles('vendor')
  async ping(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return await this.#once(request, undefined, 202, async () => {
      await this.#endpoints.ping(callerOf(request).id, id);
      return {};
    });
  }

  async #once(request: AuthenticatedRequest, body: unknown, statusCode: number, work: () => Promise<unknown>): Promise<unknown> {
    const path = `${request.method} ${request.url.split('?')[0]!}`;
    return (await this.#idempotency.once(callerOf(request), request.headers['idempotency-key'], { path, body }, async () => ({ statusCode, body: await work() }))).body;
  }
}

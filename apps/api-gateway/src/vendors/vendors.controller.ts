import { idField } from '@boop/identity';
import { createVendorSchema, updateVendorSchema } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Idempotency } from '../http/idempotency.ts';
import { pageQuery, pageSizeOf, partsOf } from '../http/page.ts';
import { matches, sendTagged } from '../http/preconditions.ts';
import { VendorService } from './vendor-service.ts';

@Controller('v1/vendors')
export class VendorsController {
  readonly #service: VendorService;
  readonly #idempotency: Idempotency;

  constructor(@Inject(VendorService) service: VendorService, @Inject(Idempotency) idempotency: Idempotency) {
    this.#service = service;
    this.#idempotency = idempotency;
  }

  @Post()
  @Roles('admin')
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const wanted = parseRequest(createVendorSchema, body);
    const answer = await this.#idempotency.once(callerOf(request), request.headers['idempotency-key'], { path: 'POST /v1/vendors', body }, async () => ({ statusCode: 201, body: (await this.#service.create(wanted)).vendor }));
    void reply.status(answer.statusCode).header('location', `/v1/vendors/${wanted.id}`).send(answer.body);
  }

  @Get()
  @Roles('admin', 'auditor')
  async list(@Query() query: unknown): Promise<unknown> {
    const { cursor, limit } = parseRequest(pageQuery, query);
    const { rows, next } = await this.#service.list(partsOf(cursor, 1)?.[0], pageSizeOf(limit));
    return { vendors: rows, ...(next === undefined ? {} : { next }) };
  }

  /** A vendor sees itself. */
  @Get(':id')
  @Roles('vendor', 'admin', 'auditor')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const caller = callerOf(request);
    if (caller.role === 'vendor' && caller.id !== id) throw new BoopError('request.not-found', 'there is no such vendor');
    sendTagged(request, reply, (await this.#service.get(checkedId(id))).vendor);
  }

  @Patch(':id')
  @Roles('admin')
  async update(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const change = parseRequest(updateVendorSchema, body);
    const { vendor } = await this.#service.update(checkedId(id), change, (current) => matches(request, current));
    sendTagged(request, reply, vendor);
  }

  @Post(':id/suspend')
  @HttpCode(200)
  @Roles('admin')
  async suspend(@Param('id') id: string): Promise<unknown> {
    return (await this.#service.suspend(checkedId(id))).vendor;
  }

  @Post(':id/resume')
  @HttpCode(200)
  @Roles('admin')
  async resume(@Param('id') id: string): Promise<unknown> {
    return (await this.#service.resume(checkedId(id))).vendor;
  }
}

function checkedId(id: string): string {
  if (!idField.safeParse(id).success) throw new BoopError('request.not-found', 'there is no such vendor');
  return id;
}

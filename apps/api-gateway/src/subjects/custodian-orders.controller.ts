import { idField } from '@boop/identity';
import { createCustodianOrderSchema, type CustodianOrder, signCustodianOrderSchema } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { type AuthenticatedRequest, callerOf, Limited, Roles } from '../access/index.ts';
import { parseRequest } from '../domain/invalid-request.ts';
import { Idempotency } from '../http/idempotency.ts';
import { pageQuery, pageSizeOf, placeOf } from '../http/page.ts';
import { CustodianOrderService } from './custodian-order-service.ts';

/** An admin or an adjudicator says what should be done about a person, custodians decide. */
@Controller('v1/subjects/orders')
export class CustodianOrdersController {
  readonly #orders: CustodianOrderService;
  readonly #idempotency: Idempotency;

  constructor(@Inject(CustodianOrderService) orders: CustodianOrderService, @Inject(Idempotency) idempotency: Idempotency) {
    this.#orders = orders;
    this.#idempotency = idempotency;
  }

  @Post()
  @Limited('deletions')
  @Roles('admin', 'adjudicator')
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const caller = callerOf(request);
    const wanted = parseRequest(createCustodianOrderSchema, body);
    const answer = await this.#idempotency.once(caller, request.headers['idempotency-key'], { path: 'POST /v1/subjects/orders', body }, async () => ({ statusCode: 201, body: await this.#orders.create(caller.id, wanted) }));
    return answer.body;
  }

  @Get()
  @Roles('admin', 'adjudicator', 'auditor', 'custodian')
  async list(@Query() query: unknown): Promise<unknown> {
    const { cursor, limit } = parseRequest(pageQuery, query);
    return await this.#orders.list(placeOf(cursor), pageSizeOf(limit));
  }

  @Get(':id')
  @Roles('admin', 'adjudicator', 'auditor', 'custodian')
  async get(@Param('id') id: string): Promise<CustodianOrder> {
    return await this.#orders.get(checkedId(id));
  }

  @Post(':id/signatures')
  @HttpCode(200)
  @Roles('custodian')
  async sign(@Param('id') id: string, @Body() body: unknown): Promise<CustodianOrder> {
    return await this.#orders.sign(checkedId(id), parseRequest(signCustodianOrderSchema, body));
  }
}

function checkedId(id: string): string {
  if (!idField.safeParse(id).success) throw new BoopError('request.not-found', 'there is no such order');
  return id;
}

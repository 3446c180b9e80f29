import { randomUUID } from 'node:crypto';
import { accountMethods, type ExternalLine, parseExternalCsv } from '@boop/accounts';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { InvalidRequest, parseRequest } from '../domain/invalid-request.ts';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { Idempotency } from '../http/idempotency.ts';
import { ACCOUNTS } from '../http/tokens.ts';
import { type AccountsClient } from './accounts-client.ts';
import { createReconciliationSchema, createSettlementSchema, pageOf, pageQuery } from './ledger-queries.ts';
import { ownerSeenBy, readableAccount } from './money-access.ts';

@Controller('v1/ledger')
export class SettlementsController {
  readonly #ledger: AccountsClient;
  readonly #idempotency: Idempotency;

  constructor(@Inject(ACCOUNTS) ledger: AccountsClient, @Inject(Idempotency) idempotency: Idempotency) {
    this.#ledger = ledger;
    this.#idempotency = idempotency;
  }

  /** Asks for a run; its id is the idempotency key. */
  @Post('settlements')
  @HttpCode(202)
  @Roles('admin')
  async create(@Body() body: unknown): Promise<unknown> {
    const { from, to, ...run } = parseRequest(createSettlementSchema, body);
    return (await this.#ledger.ask('settlements.create', parseRequest(accountMethods['settlements.create'].body, { ...run, fromMs: Date.parse(from), toMs: Date.parse(to) }))).settlement;
  }

  @Get('settlements')
  @Roles('vendor', 'admin', 'auditor')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    return await this.#ledger.ask('settlements.list', { ...seen(request), ...pageOf(parseRequest(pageQuery, query)) });
  }

  @Get('settlements/:id')
  @Roles('vendor', 'admin', 'auditor')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return (await this.#ledger.ask('settlements.get', { id: checkedId(id), ...seen(request) })).settlement;
  }

  /** Compares an account with a statement of somebody else, and keeps the result. */
  @Post('reconciliations')
  @HttpCode(200)
  @Roles('vendor', 'admin')
  async reconcile(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const caller = callerOf(request);
    const { accountId, from, to, csv } = parseRequest(createReconciliationSchema, body);
    const account = readableAccount(caller, accountId);
    const lines = linesOf(csv).map((line) => ({ ...line, amount: String(line.amount) }));
    const wanted = parseRequest(accountMethods['reconciliations.create'].body, { id: randomUUID(), accountId: account, fromMs: Date.parse(from), toMs: Date.parse(to), lines });
    const answer = await this.#idempotency.once(caller, request.headers['idempotency-key'], { path: 'POST /v1/ledger/reconciliations', body }, async () => ({
      statusCode: 200,
      body: (await this.#ledger.ask('reconciliations.create', wanted)).reconciliation,
    }));
    return answer.body;
  }

  @Get('reconciliations/:id')
  @Roles('vendor', 'admin', 'auditor')
  async reconciliation(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return (await this.#ledger.ask('reconciliations.get', { id: checkedId(id), ...seen(request) })).reconciliation;
  }
}

function seen(request: AuthenticatedRequest): { seenBy?: string } {
  const seenBy = ownerSeenBy(callerOf(request));
  return seenBy === undefined ? {} : { seenBy };
}

function checkedId(id: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) throw new BoopError('request.not-found', 'there is no such resource');
  return id;
}

/** @throws InvalidRequest */
function linesOf(csv: string): ExternalLine[] {
  try {
    return parseExternalCsv(csv);
  } catch {
    throw new InvalidRequest([{ pointer: '/csv', detail: 'must be CSV with the columns transfer, side, amount and at most 10,000 lines' }]);
  }
}

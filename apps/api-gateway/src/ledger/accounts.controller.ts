import { accountMethods, ownerOf } from '@boop/accounts';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { parseRequest } from '../domain/invalid-request.ts';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { Idempotency } from '../http/idempotency.ts';
import { ACCOUNTS } from '../http/tokens.ts';
import { type AccountsClient } from './accounts-client.ts';
import { balanceQuery, pageOf, pageQuery } from './ledger-queries.ts';
import { ownerSeenBy, readableAccount } from './money-access.ts';

@Controller('v1/ledger')
export class AccountsController {
  readonly #ledger: AccountsClient;
  readonly #idempotency: Idempotency;

  constructor(@Inject(ACCOUNTS) ledger: AccountsClient, @Inject(Idempotency) idempotency: Idempotency) {
    this.#ledger = ledger;
    this.#idempotency = idempotency;
  }

  /** A vendor opens accounts of its own that can't be overdrawn; limits are an admin's to set. */
  @Post('accounts')
  @HttpCode(200)
  @Roles('vendor', 'admin')
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const caller = callerOf(request);
    const wanted = parseRequest(accountMethods['accounts.create'].body, body);
    const own = ownerSeenBy(caller);
    const isAllowed = own === undefined || wanted.accounts.every(({ id, debitLimit, creditLimit }) => ownerOf(id) === own && debitLimit === '0' && creditLimit === null);
    if (!isAllowed) throw new BoopError('request.forbidden', 'this credential may not open such an account');
    const answer = await this.#idempotency.once(caller, request.headers['idempotency-key'], { path: 'POST /v1/ledger/accounts', body }, async () => ({ statusCode: 200, body: await this.#ledger.ask('accounts.create', wanted) }));
    return answer.body;
  }

  @Get('accounts')
  @Roles('vendor', 'admin', 'auditor')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const seenBy = ownerSeenBy(callerOf(request));
    return await this.#ledger.ask('accounts.list', { ...(seenBy === undefined ? {} : { seenBy }), ...pageOf(parseRequest(pageQuery, query)) });
  }

  @Get('accounts/:id')
  @Roles('vendor', 'admin', 'auditor')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return (await this.#ledger.ask('accounts.get', { id: readableAccount(callerOf(request), id) })).account;
  }

  /** Now, or as they were at a moment. */
  @Get('balances/:id')
  @Roles('vendor', 'admin', 'auditor')
  async balances(@Req() request: AuthenticatedRequest, @Param('id') id: string, @Query() query: unknown): Promise<unknown> {
    const accountId = readableAccount(callerOf(request), id);
    const { at } = parseRequest(balanceQuery, query);
    return await this.#ledger.ask('accounts.balances', { id: accountId, ...(at === undefined ? {} : { atMs: at }) });
  }

  /** Proof, to be checked offline, that the balances are part of a commitment whose sums are zero. */
  @Get('balances/:id/proof')
  @Roles('vendor', 'admin', 'auditor')
  async proof(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return await this.#ledger.ask('accounts.proof', { id: readableAccount(callerOf(request), id) });
  }
}

import { type AccountMethodAnswer, parseBalances, statementCsv } from '@boop/accounts';
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { parseRequest } from '../domain/invalid-request.ts';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { ACCOUNTS } from '../http/tokens.ts';
import { type AccountsClient } from './accounts-client.ts';
import { pageOf, reportQuery, statementQuery } from './ledger-queries.ts';
import { ownerSeenBy, readableAccount } from './money-access.ts';

@Controller('v1/ledger')
export class StatementsController {
  readonly #ledger: AccountsClient;

  constructor(@Inject(ACCOUNTS) ledger: AccountsClient) {
    this.#ledger = ledger;
  }

  /** As JSON, or with `format=csv` as RFC 4180. The header `x-next-cursor` names the next page of a CSV. */
  @Get('statements/:accountId')
  @Roles('vendor', 'admin', 'auditor')
  async statement(@Req() request: AuthenticatedRequest, @Param('accountId') id: string, @Query() query: unknown, @Res() reply: FastifyReply): Promise<void> {
    const accountId = readableAccount(callerOf(request), id);
    const { from: fromMs, to: toMs, format, ...page } = parseRequest(statementQuery, query);
    const statement = await this.#ledger.ask('statements.get', { accountId, fromMs, toMs, ...pageOf(page) });
    if (format !== 'csv') return void reply.send({ accountId, fromMs, toMs, ...statement });
    if (statement.next !== undefined) void reply.header('x-next-cursor', statement.next);
    void reply.header('content-type', 'text/csv; charset=utf-8; header=present').send(csvOf(accountId, fromMs, toMs, statement));
  }

  /** What moved by account, day (UTC) and code. */
  @Get('reports')
  @Roles('vendor', 'admin', 'auditor')
  async report(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const seenBy = ownerSeenBy(callerOf(request));
    const { from: fromDay, to: toDay, ...page } = parseRequest(reportQuery, query);
    return await this.#ledger.ask('reports.get', { ...(seenBy === undefined ? {} : { seenBy }), fromDay, toDay, ...pageOf(page) });
  }
}

const csvOf = (accountId: string, fromMs: number, toMs: number, { asset, opening, closing, lines }: AccountMethodAnswer<'statements.get'>): string =>
  statementCsv({
    accountId,
    asset,
    fromMs,
    toMs,
    opening: parseBalances(opening),
    closing: parseBalances(closing),
    lines: lines.map((line) => ({ ...line, sequence: BigInt(line.sequence), moved: BigInt(line.moved), reserved: BigInt(line.reserved), balances: parseBalances(line.balances) })),
  });

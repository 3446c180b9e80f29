import { accountMethods } from '@boop/accounts';
import { type Principal } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { parseRequest } from '../domain/invalid-request.ts';
import { type AuthenticatedRequest, callerOf, Roles } from '../access/index.ts';
import { Idempotency } from '../http/idempotency.ts';
import { ACCOUNTS } from '../http/tokens.ts';
import { type AccountsClient } from './accounts-client.ts';
import { accountTransfersQuery, pageOf } from './ledger-queries.ts';
import { checkTransfers, ownerSeenBy, readableAccount, scopedId } from './money-access.ts';

const TRANSFER_ID = /^[A-Za-z0-9._:/-]{1,160}$/;

@Controller('v1/ledger/transfers')
export class TransfersController {
  readonly #ledger: AccountsClient;
  readonly #idempotency: Idempotency;

  constructor(@Inject(ACCOUNTS) ledger: AccountsClient, @Inject(Idempotency) idempotency: Idempotency) {
    this.#ledger = ledger;
    this.#idempotency = idempotency;
  }

  /** Answers with one status a transfer; 200 says that all were decided, not that all were created. */
  @Post()
  @HttpCode(200)
  @Roles('vendor', 'admin')
  async create(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<unknown> {
    const caller = callerOf(request);
    const wanted = parseRequest(accountMethods['transfers.create'].body, withScopedIds(caller, body));
    checkTransfers(caller, wanted.transfers);
    const answer = await this.#idempotency.once(caller, request.headers['idempotency-key'], { path: 'POST /v1/ledger/transfers', body }, async () => ({ statusCode: 200, body: await this.#ledger.ask('transfers.create', wanted) }));
    return answer.body;
  }

  @Get()
  @Roles('vendor', 'admin', 'auditor')
  async list(@Req() request: AuthenticatedRequest, @Query() query: unknown): Promise<unknown> {
    const { account, ...page } = parseRequest(accountTransfersQuery, query);
    return await this.#ledger.ask('transfers.list', { accountId: readableAccount(callerOf(request), account), ...pageOf(page) });
  }

  @Get(':id')
  @Roles('vendor', 'admin', 'auditor')
  async get(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return await this.#ledger.ask('transfers.get', named(callerOf(request), id));
  }

  /** Proof, to be checked offline, that the transfer stands in a batch of the log. */
  @Get(':id/proof')
  @Roles('vendor', 'admin', 'auditor')
  async proof(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<unknown> {
    return (await this.#ledger.ask('transfers.proof', named(callerOf(request), id))).proof;
  }
}

function named(caller: Principal, id: string): { id: string; seenBy?: string } {
  const seenBy = ownerSeenBy(caller);
  if (!TRANSFER_ID.test(id)) throw new BoopError('request.not-found', 'there is no such transfer');
  return { id: scopedId(caller, id) as string, ...(seenBy === undefined ? {} : { seenBy }) };
}

/** Leaves what doesn't have the documented form to the schema. */
function withScopedIds(caller: Principal, body: unknown): unknown {
  const transfers: unknown = (body as { transfers?: unknown } | null)?.transfers;
  if (!Array.isArray(transfers)) return body;
  const scoped = (transfer: unknown): unknown => {
    if (typeof transfer !== 'object' || transfer === null) return transfer;
    const { id, pendingId } = transfer as { id?: unknown; pendingId?: unknown };
    return { ...transfer, ...(id === undefined ? {} : { id: scopedId(caller, id) }), ...(pendingId === undefined ? {} : { pendingId: scopedId(caller, pendingId) }) };
  };
  return { ...(body as object), transfers: transfers.map(scoped) };
}

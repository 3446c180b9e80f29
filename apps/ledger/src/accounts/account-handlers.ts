import { type AccountMethod, type AccountMethodAnswer, accountMethods, accountJson, batchInclusion, batchRoot, balancesJson, ownerOf, parseNewAccount, parseTransferRequest, resultJson, type Transfer, transferJson } from '@boop/accounts';
import { BoopError, type Clock, toBase64Url } from '@boop/shared';
import { z } from 'zod';
import { type AccountStore } from './account-store.ts';
import { type AccountsDatabase } from './accounts-database.ts';
import { type BalancePublisher } from './balance-publisher.ts';
import { type Reconciliations } from './reconciliations.ts';
import { type Settlements } from './settlements.ts';
import { type TransferQueue } from './transfer-queue.ts';

export interface AccountServices {
  readonly database: AccountsDatabase;
  readonly accounts: AccountStore;
  readonly queue: Pick<TransferQueue, 'create'>;
  readonly balances: BalancePublisher;
  readonly settlements: Settlements;
  readonly reconciliations: Reconciliations;
  readonly clock: Clock;
  /** A settlement run waits. */
  readonly onSettlement: () => void;
}

type Handlers = { [M in AccountMethod]: (body: z.output<(typeof accountMethods)[M]['body']>) => Promise<AccountMethodAnswer<M>> };

/** Answers `accountMethods`; who may ask for what is the gateway's to decide, `seenBy` narrows what it gets. */
export function accountHandlers(services: AccountServices): (method: string, body: unknown) => Promise<unknown> | undefined {
  const handlers: Handlers = { ...accountsOf(services), ...transfersOf(services), ...reportsOf(services) };
  return (method, body) => {
    if (!Object.hasOwn(handlers, method)) return undefined;
    const parsed = accountMethods[method as AccountMethod].body.safeParse(body);
    if (!parsed.success) return Promise.reject(new BoopError('request.malformed', 'the request does not have the documented form'));
    return (handlers[method as AccountMethod] as (body: unknown) => Promise<unknown>)(parsed.data);
  };
}

const notFound = (): BoopError => new BoopError('request.not-found', 'there is no such resource');
const found = <T>(value: T | undefined): T => {
  if (value === undefined) throw notFound();
  return value;
};
/** Items of a page and the cursor of the next one; `items` has one more than asked for when more follow. */
function pageOf<T>(items: readonly T[], limit: number, cursorOf: (last: T) => string): { page: T[]; next?: string } {
  const page = items.slice(0, limit);
  return items.length > limit ? { page, next: cursorOf(page.at(-1)!) } : { page };
}
const sequenceOf = (cursor: string | undefined, otherwise: bigint): bigint => {
  if (cursor === undefined) return otherwise;
  if (!/^[0-9]{1,18}$/.test(cursor)) throw new BoopError('request.malformed', 'the cursor is not one that this list gave');
  return BigInt(cursor);
};

function accountsOf({ accounts, balances }: AccountServices): Pick<Handlers, 'accounts.create' | 'accounts.get' | 'accounts.list' | 'accounts.balances' | 'accounts.proof'> {
  return {
    async 'accounts.create'(body) {
      const wanted = body.accounts.map(parseNewAccount);
      const statuses = await accounts.create(wanted);
      return { results: wanted.map(({ id }, at) => ({ id, status: statuses[at]! })) };
    },
    async 'accounts.get'({ id }) {
      return { account: accountJson(found(await accounts.find(id)), ownerOf(id)) };
    },
    async 'accounts.list'({ seenBy, cursor = '', limit }) {
      const { page, ...next } = pageOf(await accounts.list(seenBy, cursor, limit + 1), limit, ({ id }) => id);
      return { accounts: page.map((account) => accountJson(account, ownerOf(account.id))), ...next };
    },
    async 'accounts.balances'({ id, atMs }) {
      found(await accounts.find(id));
      const sequence = await accounts.sequenceBefore(atMs === undefined ? Number.MAX_SAFE_INTEGER : atMs + 1);
      return { id, sequence: String(sequence), balances: balancesJson(await accounts.balancesAt(id, sequence)) };
    },
    async 'accounts.proof'({ id }) {
      found(await accounts.find(id));
      return balances.prove(id);
    },
  };
}

function transfersOf({ database, accounts, queue }: AccountServices): Pick<Handlers, 'transfers.create' | 'transfers.get' | 'transfers.list' | 'transfers.proof'> {
  const visible = async (id: string, seenBy: string | undefined): Promise<{ transfer: Transfer; resolution: Transfer | undefined }> => {
    const known = found(await accounts.transfer(id));
    const { debitAccount, creditAccount } = known.transfer;
    if (seenBy !== undefined && ![id, debitAccount, creditAccount].some((one) => ownerOf(one) === seenBy)) throw notFound();
    return known;
  };
  return {
    async 'transfers.create'(body) {
      return { results: (await queue.create(body.transfers.map(parseTransferRequest))).map(resultJson) };
    },
    async 'transfers.get'({ id, seenBy }) {
      const { transfer, resolution } = await visible(id, seenBy);
      return { transfer: transferJson(transfer), resolution: resolution ? transferJson(resolution) : null };
    },
    async 'transfers.list'({ accountId, cursor, limit }) {
      const { page, ...next } = pageOf(await accounts.transfersOf(accountId, sequenceOf(cursor, 2n ** 62n), limit + 1), limit, ({ sequence }) => String(sequence));
      return { transfers: page.map(transferJson), ...next };
    },
    async 'transfers.proof'({ id, seenBy }) {
      const { transfer } = await visible(id, seenBy);
      const [batch] = await database.prisma.$queryRaw<{ from: bigint; to: bigint; hash: Uint8Array; leafIndex: bigint | null }[]>`
        SELECT first_sequence AS "from", last_sequence AS "to", entry_hash AS hash, leaf_index AS "leafIndex" FROM transfer_batches WHERE last_sequence >= ${transfer.sequence} ORDER BY last_sequence LIMIT 1`;
      if (!batch || batch.leafIndex === null) throw new BoopError('log.pending', 'the transfer is on its way to the log', { kind: 'unavailable' });
      const transfers = await accounts.journal(batch.from, batch.to);
      const index = Number(transfer.sequence - batch.from);
      return {
        proof: {
          transfer: transferJson(transfer),
          batch: { from: String(batch.from), to: String(batch.to), root: toBase64Url(batchRoot(transfers)), entryHash: toBase64Url(batch.hash), leafIndex: Number(batch.leafIndex) },
          index,
          inclusion: batchInclusion(transfers, index).map(toBase64Url),
        },
      };
    },
  };
}

function reportsOf({ accounts, settlements, reconciliations, onSettlement }: AccountServices): Pick<Handlers, 'statements.get' | 'reports.get' | 'settlements.create' | 'settlements.get' | 'settlements.list' | 'reconciliations.create' | 'reconciliations.get'> {
  const isHidden = (accountId: string, seenBy: string | undefined): boolean => seenBy !== undefined && ownerOf(accountId) !== seenBy;
  return {
    async 'statements.get'({ accountId, fromMs, toMs, cursor, limit }) {
      const { asset } = found(await accounts.find(accountId));
      const [from, to] = [await accounts.sequenceBefore(fromMs), await accounts.sequenceBefore(toMs)];
      const [opening, closing] = [await accounts.balancesAt(accountId, from), await accounts.balancesAt(accountId, to)];
      const start = sequenceOf(cursor, from);
      const { page, ...next } = pageOf(await accounts.lines(accountId, start < from ? from : start, to, limit + 1), limit, ({ sequence }) => String(sequence));
      const lines = page.map((line) => ({ ...line, sequence: String(line.sequence), moved: String(line.moved), reserved: String(line.reserved), balances: balancesJson(line.balances) }));
      return { asset, opening: balancesJson(opening), closing: balancesJson(closing), lines, ...next };
    },
    async 'reports.get'({ seenBy, fromDay, toDay, cursor, limit }) {
      const after = (cursor ?? '0001-01-01  ').split(' ');
      if (after.length !== 3 || !z.iso.date().safeParse(after[0]).success) throw new BoopError('request.malformed', 'the cursor is not one that this list gave');
      const rows = await accounts.report(seenBy, fromDay, toDay, after as [string, string, string], limit + 1);
      const { page, ...next } = pageOf(rows, limit, ({ day, accountId, code }) => `${day} ${accountId} ${code}`);
      return { rows: page.map((row) => ({ ...row, creditCount: Number(row.creditCount), credits: String(row.credits), debitCount: Number(row.debitCount), debits: String(row.debits) })), ...next };
    },
    async 'settlements.create'(body) {
      const settlement = await settlements.request(body);
      onSettlement();
      return { settlement };
    },
    async 'settlements.get'({ id, seenBy }) {
      const settlement = found(await settlements.find(id));
      if (isHidden(settlement.accountId, seenBy)) throw notFound();
      return { settlement };
    },
    async 'settlements.list'({ seenBy, cursor = '', limit }) {
      const { page, ...next } = pageOf(await settlements.list(seenBy, cursor, limit + 1), limit, ({ id }) => id);
      return { settlements: page, ...next };
    },
    async 'reconciliations.create'({ lines, ...body }) {
      return { reconciliation: await reconciliations.create({ ...body, lines: lines.map((line) => ({ ...line, amount: BigInt(line.amount) })) }) };
    },
    async 'reconciliations.get'({ id, seenBy }) {
      const reconciliation = found(await reconciliations.find(id));
      if (isHidden(reconciliation.accountId, seenBy)) throw notFound();
      return { reconciliation };
    },
  };
}

import { createHash } from 'node:crypto';
import { type ExternalLine, ownerOf, reconcile, type ReconciliationJson } from '@boop/accounts';
import { BoopError } from '@boop/shared';
import { type AccountStore } from './account-store.ts';
import { type AccountsDatabase, type Bytes } from './accounts-database.ts';

export interface ReconciliationRequest {
  readonly id: string;
  readonly accountId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly lines: readonly ExternalLine[];
}

const OWN_LINES_MAX = 100_000;
const PAGE = 10_000;

/** Comparisons with statements of others, kept as they came out. */
export class Reconciliations {
  readonly #database: AccountsDatabase;
  readonly #accounts: AccountStore;

  constructor(database: AccountsDatabase, accounts: AccountStore) {
    this.#database = database;
    this.#accounts = accounts;
  }

  /** @throws BoopError `request.not-found` (account), `request.too-large` (more than 100,000 transfers in the period), `idempotency.other-body` */
  async create(request: ReconciliationRequest): Promise<ReconciliationJson> {
    const { id, accountId, fromMs, toMs, lines } = request;
    if (!(await this.#accounts.find(accountId))) throw new BoopError('request.not-found', 'there is no such account');
    const requestHash = createHash('sha256').update(JSON.stringify([accountId, fromMs, toMs, lines.map((line) => [line.transferId, line.side, String(line.amount)])])).digest();
    const { difference, ...rest } = reconcile(await this.#moved(accountId, fromMs, toMs), lines);
    const report: ReconciliationJson = { id, accountId, fromMs, toMs, ...rest, missingHere: [...rest.missingHere], missingThere: [...rest.missingThere], different: [...rest.different], repeated: [...rest.repeated], difference: String(difference) };
    await this.#database.prisma.$executeRaw`INSERT INTO reconciliations (id, owner, request_hash, report) VALUES (${id}, ${ownerOf(accountId)}, ${requestHash as Bytes}, ${JSON.stringify(report)}::jsonb) ON CONFLICT DO NOTHING`;
    const [kept] = await this.#database.prisma.$queryRaw<{ hash: Uint8Array; report: ReconciliationJson }[]>`SELECT request_hash AS hash, report FROM reconciliations WHERE id = ${id}`;
    if (!requestHash.equals(kept!.hash)) throw new BoopError('idempotency.other-body', 'a reconciliation of this id has another statement');
    return kept!.report;
  }

  async find(id: string): Promise<ReconciliationJson | undefined> {
    const [row] = await this.#database.prisma.$queryRaw<{ report: ReconciliationJson }[]>`SELECT report FROM reconciliations WHERE id = ${id}`;
    return row?.report;
  }

  /** What moved, by transfer. */
  async #moved(accountId: string, fromMs: number, toMs: number): Promise<ExternalLine[]> {
    const moved: ExternalLine[] = [];
    const to = await this.#accounts.sequenceBefore(toMs);
    for (let from = await this.#accounts.sequenceBefore(fromMs); ; ) {
      const lines = await this.#accounts.lines(accountId, from, to, PAGE);
      moved.push(...lines.filter((line) => line.moved > 0n).map((line) => ({ transferId: line.transferId, side: line.side, amount: line.moved })));
      if (moved.length > OWN_LINES_MAX) throw new BoopError('request.too-large', 'reconcile a shorter period');
      if (lines.length < PAGE) return moved;
      from = lines.at(-1)!.sequence;
    }
  }
}

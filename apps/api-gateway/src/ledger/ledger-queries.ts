import { accountIdField, PAGE_MAX } from '@boop/accounts';
import { idField } from '@boop/identity';
import { z } from 'zod';

/** Query parameters are text. */
const limit = z.string().regex(/^[1-9][0-9]{0,3}$/).transform(Number).pipe(z.number().max(PAGE_MAX)).optional();
const cursor = z.string().max(300).regex(/^[\x20-\x7e]+$/).optional();
const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const pageQuery = z.strictObject({ cursor, limit });
export const accountTransfersQuery = pageQuery.extend({ account: z.string().max(110) });
export const balanceQuery = z.strictObject({ at: instant.optional() });
export const statementQuery = pageQuery.extend({ from: instant, to: instant, format: z.enum(['json', 'csv']).optional() });
export const reportQuery = pageQuery.extend({ from: z.iso.date(), to: z.iso.date() });

/** `POST /v1/ledger/settlements` */
export const createSettlementSchema = z.strictObject({ id: idField, accountId: accountIdField, from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) });

/** `POST /v1/ledger/reconciliations`: the other side's movements as CSV with the columns transfer, side, amount. */
export const createReconciliationSchema = z.strictObject({ accountId: accountIdField, from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }), csv: z.string().max(1_000_000) });

/** A page's parameters as the ledger takes them. */
export const pageOf = ({ cursor, limit }: z.output<typeof pageQuery>): { cursor?: string; limit?: number } => ({ ...(cursor === undefined ? {} : { cursor }), ...(limit === undefined ? {} : { limit }) });

import { bytesField, idField } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { amountField, assetField } from './amount.ts';
import { balancesJson, parseBalances } from './balance-proof.ts';
import { codeField } from './fees.ts';
import { accountIdField, ownerField, transferIdField } from './ids.ts';
import { type Account, type NewAccount, type Transfer, type TransferRequest, type TransferResult } from './model.ts';
import { ACCOUNT_STATUSES, TRANSFER_STATUSES } from './status.ts';

/** Transfers of one request; chains don't reach beyond it. */
export const TRANSFERS_PER_REQUEST_MAX = 1_000;
export const ACCOUNTS_PER_REQUEST_MAX = 1_000;
/** Ten years. */
const TIMEOUT_SECONDS_MAX = 315_360_000;

/** Printable text; no control characters. */
export const referenceField = z.string().max(100).regex(/^\P{C}*$/u);
export const sequenceField = z.string().regex(/^(0|[1-9][0-9]{0,18})$/);
export const millisecondsField = z.number().int().min(0).max(253_402_300_799_999);

export const balancesSchema = z.strictObject({ debitsPending: amountField, debitsPosted: amountField, creditsPending: amountField, creditsPosted: amountField });
export type BalancesJson = z.infer<typeof balancesSchema>;

export const newAccountSchema = z.strictObject({ id: accountIdField, asset: assetField, debitLimit: amountField.nullable().default('0'), creditLimit: amountField.nullable().default(null) });
export const accountSchema = newAccountSchema.extend({ debitLimit: amountField.nullable(), creditLimit: amountField.nullable(), owner: ownerField, balances: balancesSchema });
export type AccountJson = z.infer<typeof accountSchema>;
export const accountResultSchema = z.strictObject({ id: accountIdField, status: z.enum(ACCOUNT_STATUSES) });

const common = { id: transferIdField, linked: z.boolean().optional(), reference: referenceField.optional() };
const moveFields = { ...common, debitAccount: accountIdField, creditAccount: accountIdField, amount: amountField, asset: assetField, code: codeField };
const resolveFields = { ...common, pendingId: transferIdField, amount: amountField.optional() };
export const createTransferSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('single'), ...moveFields }),
  z.strictObject({ kind: z.literal('pending'), ...moveFields, timeoutSeconds: z.number().int().min(0).max(TIMEOUT_SECONDS_MAX).optional() }),
  z.strictObject({ kind: z.literal('post'), ...resolveFields }),
  z.strictObject({ kind: z.literal('void'), ...resolveFields }),
]);
export type CreateTransferJson = z.infer<typeof createTransferSchema>;

export const transferSchema = z.strictObject({
  /** A client's id, or `expiry/…`. */
  id: z.string().max(160),
  sequence: sequenceField,
  atMs: millisecondsField,
  kind: z.enum(['single', 'pending', 'post', 'void', 'expire']),
  debitAccount: accountIdField,
  creditAccount: accountIdField,
  amount: amountField,
  asset: assetField,
  code: codeField,
  pendingId: transferIdField.nullable(),
  timeoutSeconds: z.number().int().min(0),
  reference: referenceField,
});
export type TransferJson = z.infer<typeof transferSchema>;

export const transferResultSchema = z.strictObject({ id: transferIdField, status: z.enum(TRANSFER_STATUSES), transfer: transferSchema.optional(), cause: z.enum(TRANSFER_STATUSES).optional() });
export type TransferResultJson = z.infer<typeof transferResultSchema>;

export const statementLineSchema = z.strictObject({
  sequence: sequenceField,
  atMs: millisecondsField,
  transferId: z.string().max(160),
  kind: transferSchema.shape.kind,
  code: codeField,
  side: z.enum(['debit', 'credit']),
  counterparty: accountIdField,
  moved: amountField,
  reserved: z.string().regex(/^-?(0|[1-9][0-9]{0,18})$/),
  reference: referenceField,
  balances: balancesSchema,
});

/** Where a transfer stands in the log, when its batch has been logged. */
export const transferProofSchema = z.strictObject({ transfer: transferSchema, batch: z.strictObject({ from: sequenceField, to: sequenceField, root: bytesField(32), entryHash: bytesField(32), leafIndex: z.number().int().min(0) }), index: z.number().int().min(0), inclusion: z.array(bytesField(32)).max(64) });

export const settlementRequestSchema = z.strictObject({ id: idField, accountId: accountIdField, fromMs: millisecondsField, toMs: millisecondsField }).refine(({ fromMs, toMs }) => fromMs < toMs, { message: 'the period has a positive length', path: ['toMs'] });
const signedAmount = z.string().regex(/^-?(0|[1-9][0-9]{0,37})$/);
export const settlementSchema = z.strictObject({
  id: idField,
  accountId: accountIdField,
  asset: assetField,
  fromMs: millisecondsField,
  toMs: millisecondsField,
  status: z.enum(['requested', 'settled', 'refused']),
  totals: z
    .strictObject({
      gross: signedAmount,
      returned: signedAmount,
      fees: signedAmount,
      net: signedAmount,
      byCode: z.array(z.strictObject({ code: codeField, count: z.number().int(), credits: signedAmount, debits: signedAmount, fees: signedAmount })),
    })
    .optional(),
  /** What became of fee and payout. */
  transfers: z.array(z.strictObject({ id: transferIdField, status: z.enum(TRANSFER_STATUSES) })).optional(),
});
export type SettlementJson = z.infer<typeof settlementSchema>;

export const reportRowSchema = z.strictObject({ day: z.iso.date(), accountId: accountIdField, asset: assetField, code: codeField, creditCount: z.number().int(), credits: signedAmount, debitCount: z.number().int(), debits: signedAmount });

export const externalLineSchema = z.strictObject({ transferId: z.string().max(160).regex(/^\P{C}+$/u), side: z.enum(['debit', 'credit']), amount: amountField });
export const reconciliationSchema = z.strictObject({
  id: idField,
  accountId: accountIdField,
  fromMs: millisecondsField,
  toMs: millisecondsField,
  matched: z.number().int(),
  missingHere: z.array(z.string()),
  missingThere: z.array(z.string()),
  different: z.array(z.strictObject({ transferId: z.string(), here: z.string(), there: z.string() })),
  repeated: z.array(z.string()),
  difference: signedAmount,
  isBalanced: z.boolean(),
});
export type ReconciliationJson = z.infer<typeof reconciliationSchema>;

export const transferJson = (transfer: Transfer): TransferJson => ({ ...transfer, sequence: String(transfer.sequence), amount: String(transfer.amount) });
export const accountJson = ({ id, asset, debitLimit, creditLimit, balances }: Account, owner: string): AccountJson => ({
  id,
  owner,
  asset,
  debitLimit: debitLimit === null ? null : String(debitLimit),
  creditLimit: creditLimit === null ? null : String(creditLimit),
  balances: balancesJson(balances),
});
export const resultJson = ({ transfer, ...result }: TransferResult): TransferResultJson => ({ ...result, ...(transfer ? { transfer: transferJson(transfer) } : {}) });

/** @throws BoopError `transfer.malformed` */
export function parseTransferRequest(value: unknown): TransferRequest {
  const parsed = createTransferSchema.safeParse(value);
  if (!parsed.success) throw new BoopError('transfer.malformed', 'the transfer does not have the documented form');
  const { amount, ...rest } = parsed.data;
  return { ...rest, ...(amount === undefined ? {} : { amount: BigInt(amount) }) } as TransferRequest;
}

/** @throws BoopError `account.malformed` */
export function parseNewAccount(value: unknown): NewAccount {
  const parsed = newAccountSchema.safeParse(value);
  if (!parsed.success) throw new BoopError('account.malformed', 'the account does not have the documented form');
  const { debitLimit, creditLimit, ...rest } = parsed.data;
  return { ...rest, debitLimit: debitLimit === null ? null : BigInt(debitLimit), creditLimit: creditLimit === null ? null : BigInt(creditLimit) };
}

/** Inverse of {@link transferJson}. @throws BoopError `transfer.malformed` */
export function parseTransfer(value: unknown): Transfer {
  const parsed = transferSchema.safeParse(value);
  if (!parsed.success) throw new BoopError('transfer.malformed', 'the transfer does not have the documented form');
  return { ...parsed.data, sequence: BigInt(parsed.data.sequence), amount: BigInt(parsed.data.amount) };
}

export { balancesJson, parseBalances };

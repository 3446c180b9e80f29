import { idField } from '@boop/identity';
import { z } from 'zod';
import { balanceProofSchema } from './balance-proof.ts';
import { accountIdField, ownerField } from './ids.ts';
import { accountResultSchema, ACCOUNTS_PER_REQUEST_MAX, accountSchema, balancesSchema, createTransferSchema, externalLineSchema, millisecondsField, newAccountSchema, reconciliationSchema, reportRowSchema, sequenceField, settlementRequestSchema, settlementSchema, statementLineSchema, transferProofSchema, transferResultSchema, transferSchema, TRANSFERS_PER_REQUEST_MAX } from './wire.ts';

export const PAGE_MAX = 1_000;
const printable = (max: number) => z.string().max(max).regex(/^[\x20-\x7e]+$/);
/** A page of a list: at most `limit` items after `cursor`. `next` is there when more follow. */
const page = { cursor: printable(300).optional(), limit: z.number().int().min(1).max(PAGE_MAX).default(100) };
const next = z.string().max(300).optional();
/** Narrows to what an owner may see; what isn't theirs is not found. */
const seenBy = ownerField.optional();
const period = { fromMs: millisecondsField, toMs: millisecondsField };

/** gateway → ledger, over framed mTLS: method → schemas of body and answer. Whom it serves is the gateway's decision. */
export const accountMethods = {
  'accounts.create': { body: z.strictObject({ accounts: z.array(newAccountSchema).min(1).max(ACCOUNTS_PER_REQUEST_MAX) }), answer: z.strictObject({ results: z.array(accountResultSchema) }) },
  'accounts.get': { body: z.strictObject({ id: accountIdField }), answer: z.strictObject({ account: accountSchema }) },
  'accounts.list': { body: z.strictObject({ seenBy, ...page }), answer: z.strictObject({ accounts: z.array(accountSchema), next }) },
  /** As they were at a moment, that of `atMs` included; now when absent. */
  'accounts.balances': { body: z.strictObject({ id: accountIdField, atMs: millisecondsField.optional() }), answer: z.strictObject({ id: accountIdField, sequence: sequenceField, balances: balancesSchema }) },
  'accounts.proof': { body: z.strictObject({ id: accountIdField }), answer: z.strictObject({ proof: balanceProofSchema, entryHash: z.string() }) },
  'transfers.create': { body: z.strictObject({ transfers: z.array(createTransferSchema).min(1).max(TRANSFERS_PER_REQUEST_MAX) }), answer: z.strictObject({ results: z.array(transferResultSchema) }) },
  'transfers.get': { body: z.strictObject({ id: printable(160), seenBy }), answer: z.strictObject({ transfer: transferSchema, resolution: transferSchema.nullable() }) },
  'transfers.list': { body: z.strictObject({ accountId: accountIdField, ...page }), answer: z.strictObject({ transfers: z.array(transferSchema), next }) },
  'transfers.proof': { body: z.strictObject({ id: printable(160), seenBy }), answer: z.strictObject({ proof: transferProofSchema }) },
  'statements.get': { body: z.strictObject({ accountId: accountIdField, ...period, ...page }), answer: z.strictObject({ asset: z.string(), opening: balancesSchema, closing: balancesSchema, lines: z.array(statementLineSchema), next }) },
  'reports.get': { body: z.strictObject({ seenBy, fromDay: z.iso.date(), toDay: z.iso.date(), ...page }), answer: z.strictObject({ rows: z.array(reportRowSchema), next }) },
  'settlements.create': { body: settlementRequestSchema, answer: z.strictObject({ settlement: settlementSchema }) },
  'settlements.get': { body: z.strictObject({ id: idField, seenBy }), answer: z.strictObject({ settlement: settlementSchema }) },
  'settlements.list': { body: z.strictObject({ seenBy, ...page }), answer: z.strictObject({ settlements: z.array(settlementSchema), next }) },
  'reconciliations.create': { body: z.strictObject({ id: idField, accountId: accountIdField, ...period, lines: z.array(externalLineSchema).max(10_000) }), answer: z.strictObject({ reconciliation: reconciliationSchema }) },
  'reconciliations.get': { body: z.strictObject({ id: idField, seenBy }), answer: z.strictObject({ reconciliation: reconciliationSchema }) },
} as const;

export type AccountMethod = keyof typeof accountMethods;
export type AccountMethodBody<M extends AccountMethod> = z.input<(typeof accountMethods)[M]['body']>;
export type AccountMethodAnswer<M extends AccountMethod> = z.output<(typeof accountMethods)[M]['answer']>;

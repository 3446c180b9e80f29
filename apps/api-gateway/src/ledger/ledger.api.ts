import { accountMethods, accountSchema, balanceProofSchema, reconciliationSchema, settlementSchema, transferProofSchema } from '@boop/accounts';
import { type ProblemCode } from '@boop/protocol';
import { z } from 'zod';
import { type ApiDescription, idempotent, keyed } from '../http/openapi/route.ts';
import { createReconciliationSchema, createSettlementSchema } from './ledger-queries.ts';

const money: readonly ProblemCode[] = [...keyed, 'request.malformed', 'log.unavailable'];
const readers = ['vendor', 'admin', 'auditor'] as const;

export const ledgerApi: ApiDescription = {
  schemas: {
    Account: accountSchema,
    CreateAccounts: accountMethods['accounts.create'].body,
    AccountResults: accountMethods['accounts.create'].answer,
    Accounts: accountMethods['accounts.list'].answer,
    Balances: accountMethods['accounts.balances'].answer,
    BalanceProof: z.strictObject({ proof: balanceProofSchema, entryHash: z.string() }),
    CreateTransfers: accountMethods['transfers.create'].body,
    TransferResults: accountMethods['transfers.create'].answer,
    Transfers: accountMethods['transfers.list'].answer,
    Transfer: accountMethods['transfers.get'].answer,
    TransferProof: transferProofSchema,
    Statement: accountMethods['statements.get'].answer.extend(accountMethods['statements.get'].body.pick({ accountId: true, fromMs: true, toMs: true }).shape),
    Report: accountMethods['reports.get'].answer,
    CreateSettlement: createSettlementSchema,
    Settlement: settlementSchema,
    Settlements: accountMethods['settlements.list'].answer,
    CreateReconciliation: createReconciliationSchema,
    Reconciliation: reconciliationSchema,
  },
  routes: [
    { method: 'post', path: '/v1/ledger/accounts', summary: 'Open accounts', roles: ['vendor', 'admin'], body: 'CreateAccounts', answers: { 200: 'AccountResults' }, codes: [...money, ...idempotent] },
    { method: 'get', path: '/v1/ledger/accounts', summary: 'List accounts', roles: readers, answers: { 200: 'Accounts' }, codes: money },
    { method: 'get', path: '/v1/ledger/accounts/{id}', summary: 'Read an account', roles: readers, answers: { 200: 'Account' }, codes: [...money, 'request.not-found'] },
    { method: 'get', path: '/v1/ledger/balances/{id}', summary: 'Balances now or at a moment', roles: readers, answers: { 200: 'Balances' }, codes: [...money, 'request.not-found'] },
    { method: 'get', path: '/v1/ledger/balances/{id}/proof', summary: 'Proof that balances are part of a zero sum', roles: readers, answers: { 200: 'BalanceProof' }, codes: [...money, 'request.not-found', 'log.pending'] },
    { method: 'post', path: '/v1/ledger/transfers', summary: 'Move, reserve, post and void; one status a transfer', roles: ['vendor', 'admin'], body: 'CreateTransfers', answers: { 200: 'TransferResults' }, codes: [...money, ...idempotent, 'service.overloaded'] },
    { method: 'get', path: '/v1/ledger/transfers', summary: 'Transfers of an account, newest first', roles: readers, answers: { 200: 'Transfers' }, codes: [...money, 'request.not-found'] },
    { method: 'get', path: '/v1/ledger/transfers/{id}', summary: 'Read a transfer and how it ended', roles: readers, answers: { 200: 'Transfer' }, codes: [...money, 'request.not-found'] },
    { method: 'get', path: '/v1/ledger/transfers/{id}/proof', summary: 'Proof that a transfer stands in a logged batch', roles: readers, answers: { 200: 'TransferProof' }, codes: [...money, 'request.not-found', 'log.pending'] },
    { method: 'get', path: '/v1/ledger/statements/{accountId}', summary: 'Statement of a period as JSON or CSV', roles: readers, answers: { 200: 'Statement' }, codes: [...money, 'request.not-found'] },
    { method: 'get', path: '/v1/ledger/reports', summary: 'What moved by account, day and code', roles: readers, answers: { 200: 'Report' }, codes: money },
    { method: 'post', path: '/v1/ledger/settlements', summary: 'Settle an account for a period', roles: ['admin'], body: 'CreateSettlement', answers: { 202: 'Settlement' }, codes: [...money, 'request.not-found', 'request.conflict', 'idempotency.other-body'] },
    { method: 'get', path: '/v1/ledger/settlements', summary: 'List settlements', roles: readers, answers: { 200: 'Settlements' }, codes: money },
    { method: 'get', path: '/v1/ledger/settlements/{id}', summary: 'Read a settlement', roles: readers, answers: { 200: 'Settlement' }, codes: [...money, 'request.not-found'] },
    { method: 'post', path: '/v1/ledger/reconciliations', summary: 'Compare an account with an external statement', roles: ['vendor', 'admin'], body: 'CreateReconciliation', answers: { 200: 'Reconciliation' }, codes: [...money, ...idempotent, 'request.not-found', 'request.too-large'] },
    { method: 'get', path: '/v1/ledger/reconciliations/{id}', summary: 'Read a reconciliation', roles: readers, answers: { 200: 'Reconciliation' }, codes: [...money, 'request.not-found'] },
  ],
};

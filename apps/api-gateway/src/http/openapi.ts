import { accountMethods, accountSchema, balanceProofSchema, reconciliationSchema, settlementSchema, transferProofSchema } from '@boop/accounts';
import { authenticationSchema, createAuthenticationSchema, logProofSchema, networkInfoSchema, nodeStatusSchema, probeSchema, type ProblemCode, problems } from '@boop/protocol';
import { z } from 'zod';
import { createReconciliationSchema, createSettlementSchema } from '../ledger/ledger-queries.ts';

const problemSchema = z.object({
  type: z.url(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  retryAllowed: z.boolean(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

const schemas = {
  Authentication: authenticationSchema,
  CreateAuthentication: createAuthenticationSchema,
  Probe: probeSchema,
  NetworkInfo: networkInfoSchema,
  NodeStatuses: z.strictObject({ nodes: z.array(nodeStatusSchema) }),
  ProofResponse: z.strictObject({ proof: logProofSchema }),
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
  Problem: problemSchema,
} as const;
type SchemaName = keyof typeof schemas;

interface Route {
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly roles: readonly string[];
  readonly body?: SchemaName;
  readonly answers: Readonly<Record<number, SchemaName | undefined>>;
  readonly codes: readonly ProblemCode[];
}

const keyed: readonly ProblemCode[] = ['request.unauthenticated', 'request.forbidden', 'request.rate-limited'];
const idempotent: readonly ProblemCode[] = ['idempotency.in-flight', 'idempotency.other-body'];
const money: readonly ProblemCode[] = [...keyed, 'request.malformed', 'log.unavailable'];
const readers = ['vendor', 'admin', 'auditor'] as const;
const split: readonly ProblemCode[] = [
  'share.malformed', 'share.wrong-node', 'share.wrong-epoch', 'share.wrong-session', 'share.unopenable', 'split.altered', 'split.replayed', 'split.incomplete', 'split.invalid-form', 'split.gateway-not-allowed',
  'template.unknown-encoder', 'capture.unreadable', 'capture.unsupported-format', 'capture.too-large', 'capture.wrong-size', 'capture.low-quality',
];

/** Every route of the gateway; a test holds this table against what the server really serves. */
export const routes: readonly Route[] = [
  { method: 'post', path: '/v1/authentications', summary: 'Open an authentication context', roles: ['vendor'], body: 'CreateAuthentication', answers: { 200: 'Authentication', 201: 'Authentication' }, codes: [...keyed, ...idempotent, 'request.malformed', 'mpc.nodes-unavailable'] },
  { method: 'get', path: '/v1/authentications/{id}', summary: 'Read a context and its result', roles: ['vendor', 'terminal'], answers: { 200: 'Authentication', 304: undefined }, codes: [...keyed, 'request.not-found'] },
  { method: 'post', path: '/v1/authentications/{id}/cancel', summary: 'Cancel an open context', roles: ['vendor'], answers: { 200: 'Authentication' }, codes: [...keyed, ...idempotent, 'request.not-found', 'request.conflict', 'context.expired', 'context.decided'] },
  { method: 'post', path: '/v1/authentications/{id}/probe', summary: 'Present a probe; answers when the nodes have decided', roles: ['terminal'], body: 'Probe', answers: { 200: 'Authentication' }, codes: [...keyed, ...idempotent, ...split, 'request.malformed', 'request.not-found', 'request.conflict', 'context.expired', 'context.cancelled', 'context.decided', 'mpc.nodes-unavailable', 'mpc.aborted'] },
  { method: 'get', path: '/v1/network', summary: 'What a splitter and a verifier must know', roles: [], answers: { 200: 'NetworkInfo' }, codes: ['mpc.nodes-unavailable'] },
  { method: 'get', path: '/v1/network/nodes', summary: 'Which nodes are up', roles: [], answers: { 200: 'NodeStatuses' }, codes: [] },
  { method: 'get', path: '/v1/ledger/proofs/{entryHash}', summary: 'Inclusion proof of a log entry', roles: [], answers: { 200: 'ProofResponse' }, codes: ['log.pending', 'log.unavailable', 'request.not-found'] },
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
  { method: 'get', path: '/.well-known/jwks.json', summary: 'Keys that verify ID tokens', roles: [], answers: { 200: undefined }, codes: ['mpc.nodes-unavailable'] },
  { method: 'get', path: '/.well-known/openid-configuration', summary: 'Issuer metadata', roles: [], answers: { 200: undefined }, codes: [] },
  { method: 'get', path: '/openapi.json', summary: 'This document', roles: [], answers: { 200: undefined }, codes: [] },
  { method: 'get', path: '/healthz', summary: 'The process runs', roles: [], answers: { 200: undefined }, codes: [] },
  { method: 'get', path: '/readyz', summary: 'The process can serve', roles: [], answers: { 200: undefined, 503: undefined }, codes: [] },
];

/** OpenAPI 3.1: its schemas are the ones that validate. */
export function openApiDocument(serverUrl: string): object {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route);
  return {
    openapi: '3.1.0',
    info: { title: 'boop network', version: '1', description: 'Authentication by an MPC network. Errors are RFC 9457 problem documents with a stable code.', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'sk_… of a vendor, tk_… of a terminal, ak_… of an administrator, rk_… of an auditor' } },
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })])),
    },
  };
}

const ref = (name: SchemaName): object => ({ $ref: `#/components/schemas/${name}` });

function operationOf(route: Route): object {
  const pathParameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const idempotencyKey = route.method === 'post' ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 128 } }] : [];
  const answers = Object.entries(route.answers).map(([status, schema]) => [status, { description: status === '304' ? 'Not modified' : 'Answer', ...(schema ? { content: { 'application/json': { schema: ref(schema) } } } : {}) }]);
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of route.codes) byStatus.set(problems[code].status, [...(byStatus.get(problems[code].status) ?? []), code]);
  const failures = [...byStatus].map(([status, codes]) => [status, { description: codes.join(', '), content: { 'application/problem+json': { schema: ref('Problem') } } }]);
  return {
    summary: route.summary,
    operationId: `${route.method}${route.path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    security: route.roles.length ? [{ apiKey: [] }] : [],
    ...(route.roles.length ? { 'x-roles': route.roles } : {}),
    parameters: [...pathParameters, ...idempotencyKey],
    ...(route.body ? { requestBody: { required: true, content: { 'application/json': { schema: ref(route.body) } } } } : {}),
    responses: { ...Object.fromEntries(failures), ...Object.fromEntries(answers) },
  };
}

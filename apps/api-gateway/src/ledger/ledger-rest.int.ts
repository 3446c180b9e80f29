import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TRANSFER_STATUSES } from '@boop/accounts';
import { BoopError } from '@boop/shared';
import { answers, fakeAccounts, settlement } from '../testing/fake-accounts.ts';
import { keys, TestGateway } from '../testing/test-gateway.ts';

let g: TestGateway;
let asked: { method: string; body: never }[] = [];
beforeAll(async () => {
  g = await TestGateway.start();
  g.ledger.accounts = fakeAccounts((method, body) => asked.push({ method, body }));
}, 120_000);
afterAll(async () => await g.stop());
beforeEach(() => {
  asked = [];
});

const post = (path: string, key: string, body: unknown, headers: Record<string, string> = {}) => g.call('POST', `/v1/ledger/${path}`, { key, body, headers });
const get = (path: string, key: string) => g.call('GET', `/v1/ledger/${path}`, { key });
const move = (fields: object = {}) => ({ id: 'order-1', kind: 'single', debitAccount: 'vendor.shop:main', creditAccount: 'person.1:main', amount: '1250', asset: 'EUR', code: 'refund', ...fields });

describe('transfers', () => {
  test('are decided one by one; ids stand under the caller’s name', async () => {
    const answer = await post('transfers', keys.shop, { transfers: [move(), move({ id: 'vendor.shop:order-2' })] });
    expect(answer).toMatchObject({ status: 200, body: { results: [{ id: 'vendor.shop:order-1', status: 'created' }, { id: 'vendor.shop:order-2', status: 'exceeds_credits' }] } });
    expect(await post('transfers', keys.admin, { transfers: [move()] })).toMatchObject({ body: { results: [{ id: 'network.root:order-1' }] } });
    await post('transfers', keys.shop, { transfers: [{ id: 'p', kind: 'post', pendingId: 'held', amount: '3' }] });
    expect(asked.at(-1)!.body).toEqual({ transfers: [{ id: 'vendor.shop:p', kind: 'post', pendingId: 'vendor.shop:held', amount: '3' }] });
  });

  test.each<[string, string, object]>([
    ['another’s money', keys.shop, move({ debitAccount: 'vendor.other:main' })],
    ['a person’s money', keys.shop, move({ debitAccount: 'person.1:main' })],
    ['another’s id', keys.shop, move({ id: 'vendor.other:order-1' })],
    ['another’s reservation', keys.shop, { id: 'p', kind: 'void', pendingId: 'vendor.other:held' }],
    ['a settlement’s id', keys.admin, move({ id: 'network.settlement:x' })],
    ['anything', keys.auditor, move()],
    ['anything', keys.till, move()],
  ])('may not move %s', async (_, key, one) => {
    expect(await post('transfers', key, { transfers: [one] })).toMatchObject({ status: 403, body: { code: 'request.forbidden' } });
    expect(asked).toEqual([]);
  });

  test.each<[unknown, string]>([
    [{ transfers: [move({ amount: '-1' })] }, '/transfers/0/amount'],
    [{ transfers: [move({ amount: '1.5' })] }, '/transfers/0/amount'],
    [{ transfers: [move({ amount: 5 })] }, '/transfers/0/amount'],
    [{ transfers: [move({ amount: '9223372036854775808' })] }, '/transfers/0/amount'],
    [{ transfers: [move({ extra: 1 })] }, '/transfers/0'],
    [{ transfers: [move({ reference: 'a\u0000b' })] }, '/transfers/0/reference'],
    [{ transfers: [7] }, '/transfers/0'],
    [{ transfers: [] }, '/transfers'],
    [{}, '/transfers'],
    [[], ''],
  ])('%j is refused and the field named', async (body, pointer) => {
    const answer = await post('transfers', keys.shop, body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect(asked).toEqual([]);
  });

  test('repeated under an Idempotency-Key are asked for once; another body is told apart', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await post('transfers', keys.shop, { transfers: [move()] }, headers);
    expect(await post('transfers', keys.shop, { transfers: [move()] }, headers)).toMatchObject({ status: 200, body: first.body });
    expect(asked).toHaveLength(1);
    expect(await post('transfers', keys.shop, { transfers: [move({ amount: '1' })] }, headers)).toMatchObject({ status: 422, body: { code: 'idempotency.other-body' } });
  });

  test('that the ledger can’t take now may be sent again', async () => {
    const usual = answers['transfers.create']!;
    answers['transfers.create'] = () => {
      throw new BoopError('log.unavailable', 'later', { kind: 'unavailable' });
    };
    expect(await post('transfers', keys.shop, { transfers: [move()] }, { 'idempotency-key': 'k-2' })).toMatchObject({ status: 503, body: { code: 'log.unavailable', retryAllowed: true } });
    answers['transfers.create'] = usual;
    expect((await post('transfers', keys.shop, { transfers: [move()] }, { 'idempotency-key': 'k-2' })).status).toBe(200);
  });
});

describe('what a vendor sees is its own', () => {
  test.each(['accounts/vendor.other:main', 'balances/vendor.other:main', 'balances/person.1:main/proof', 'transfers?account=vendor.other:main', 'statements/vendor.other:main?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', 'accounts/nonsense'])('GET %s', async (path) => {
    expect(await get(path, keys.shop)).toMatchObject({ status: 404, body: { code: 'request.not-found' } });
    expect(asked).toEqual([]);
  });

  test.each(['accounts', 'settlements', 'settlements/january', 'transfers/order-1', 'reports?from=2026-01-01&to=2026-01-31'])('GET %s asks for a vendor’s, and for all when an auditor asks', async (path) => {
    for (const [key, seenBy] of [[keys.shop, 'vendor.shop'], [keys.auditor, undefined], [keys.admin, undefined]] as const) {
      expect((await get(path, key)).status).toBe(200);
      expect((asked.at(-1)!.body as { seenBy?: string }).seenBy).toBe(seenBy);
    }
    expect((await get(path, keys.till)).status).toBe(403);
  });
});

test('a vendor opens accounts that can’t be overdrawn, its own only; limits are an admin’s', async () => {
  const open = (key: string, one: object) => post('accounts', key, { accounts: [{ id: 'vendor.shop:second', asset: 'EUR', ...one }] });
  expect(await open(keys.shop, {})).toMatchObject({ status: 200, body: { results: [{ status: 'created' }] } });
  for (const one of [{ debitLimit: null }, { debitLimit: '5' }, { creditLimit: '5' }, { id: 'vendor.other:x' }]) expect((await open(keys.shop, one)).status).toBe(403);
  expect((await open(keys.admin, { id: 'network.bank:main', debitLimit: null })).status).toBe(200);
  expect((await open(keys.auditor, {})).status).toBe(403);
});

test('lists take a cursor and a limit, and refuse others', async () => {
  expect(await get('accounts?cursor=vendor.shop:a&limit=2', keys.shop)).toMatchObject({ status: 200, body: { next: 'vendor.shop:main' } });
  expect(asked.at(-1)!.body).toMatchObject({ cursor: 'vendor.shop:a', limit: 2 });
  for (const query of ['cursor=%00', 'cursor=', 'limit=0', 'limit=1001', 'limit=x', 'page=2']) expect(await get(`accounts?${query}`, keys.shop)).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
  for (const query of ['at=yesterday', 'at=2026-01-01']) expect((await get(`balances/vendor.shop:main?${query}`, keys.shop)).status).toBe(400);
  await get('balances/vendor.shop:main?at=2026-01-01T00:00:00.5Z', keys.shop);
  expect(asked.at(-1)!.body).toEqual({ id: 'vendor.shop:main', atMs: Date.UTC(2026, 0, 1) + 500 });
});

test('a statement comes as JSON or as CSV that no spreadsheet runs', async () => {
  const path = 'statements/vendor.shop:main?from=1970-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
  expect(await get(path, keys.shop)).toMatchObject({ status: 200, body: { accountId: 'vendor.shop:main', asset: 'EUR', lines: [{ moved: '1250' }], next: '7' } });
  const response = await fetch(`http://127.0.0.1:${g.gateway.httpPort}/v1/ledger/${path}&format=csv`, { headers: { authorization: `Bearer ${keys.shop}` } });
  expect(response.headers.get('content-type')).toMatch('text/csv');
  expect(response.headers.get('x-next-cursor')).toBe('7');
  expect(await response.text()).toBe(
    "sequence,time,transfer,kind,code,side,counterparty,moved,reserved,reference,balance\r\n7,1970-01-01T00:00:00.005Z,vendor.shop:order-1,single,payment,credit,person.1:main,1250,0,'=1+1,1250\r\n",
  );
});

test('settlements are an admin’s to ask for', async () => {
  const run = { id: 'january', accountId: 'vendor.shop:main', from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
  expect(await post('settlements', keys.admin, run)).toMatchObject({ status: 202, body: settlement });
  expect(asked.at(-1)!.body).toEqual({ id: 'january', accountId: 'vendor.shop:main', fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 1, 1) });
  expect((await post('settlements', keys.shop, run)).status).toBe(403);
  expect((await post('settlements', keys.admin, { ...run, to: run.from })).status).toBe(400);
});

test('a statement of somebody else is reconciled; a hostile one is refused', async () => {
  const body = { accountId: 'vendor.shop:main', from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
  expect(await post('reconciliations', keys.shop, { ...body, csv: 'transfer,side,amount\nvendor.shop:order-1,credit,1250\n' })).toMatchObject({ status: 200, body: { matched: 1, isBalanced: true } });
  for (const csv of ['', 'transfer,side\n', 'transfer,side,amount\nx,credit,-5', 'transfer,side,amount\nx,credit,1.5', 'transfer,side,amount\nx,both,5', 'transfer,side,amount\n"x,credit,5', 'transfer,side,amount\nx,credit,5,6', 'transfer,side,amount\nx,credit,99999999999999999999']) {
    expect(await post('reconciliations', keys.shop, { ...body, csv })).toMatchObject({ status: 400, body: { errors: [{ pointer: '/csv' }] } });
  }
  expect((await post('reconciliations', keys.shop, { ...body, csv: 'transfer,side,amount\nx\u0000,credit,5\n' })).status).toBe(400);
  expect((await post('reconciliations', keys.shop, { ...body, accountId: 'vendor.other:main', csv: '' })).status).toBe(404);
});

test('the API’s description lists every status a transfer can have', async () => {
  const { body } = await g.call('GET', '/openapi.json');
  expect(Object.keys(body.components.schemas.Statement.properties).sort()).toEqual(Object.keys((await get('statements/vendor.shop:main?from=1970-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', keys.shop)).body).sort());
  expect(JSON.stringify(body.components.schemas.TransferResults)).toContain(JSON.stringify([...TRANSFER_STATUSES]));
});

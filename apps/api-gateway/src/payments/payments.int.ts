import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Authentication } from '@boop/protocol';
import { silentLogger } from '@boop/platform';
import { openDatabase } from '../store/database.ts';
import { Books } from '../testing/books.ts';
import { fakeSub, networkId } from '../testing/fake-network.ts';
import { sealedProbe } from '../testing/probes.ts';
import { device, eventually, keys, TestGateway } from '../testing/test-gateway.ts';
import { walletOf } from './money-names.ts';
import { PaymentService } from './payment-service.ts';
import { PaymentStore } from './payment-store.ts';
import { PaymentWorker } from './payment-worker.ts';

// A whole gateway on a busy machine.
jest.setTimeout(120_000);

const wallet = walletOf(networkId, 'shop.example', fakeSub, 'EUR');
const till = 'vendor.shop:EUR';
let g: TestGateway;
let books: Books;

beforeAll(async () => {
  g = await TestGateway.start();
});
afterAll(() => g.stop());
beforeEach(() => {
  books = new Books();
  g.ledger.accounts = books.answer;
});
afterEach(async () => {
  Object.assign(g.nodes.behaviour, { ready: true, decision: { accepted: true, reason: 'ok', verified: true }, lie: undefined, delayMs: 0, heldSub: undefined });
  await g.sql('DELETE FROM refunds');
  await g.sql('DELETE FROM payments');
});

async function open(amount = 1_250): Promise<Authentication> {
  const { status, body } = await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'payment', amount, currency: 'EUR', terminalId: 'till' } });
  expect(status).toBe(201);
  return body as Authentication;
}
const present = async (context: Authentication) => g.call('POST', `/v1/authentications/${context.id}/probe`, { key: keys.till, body: { split: await sealedProbe(g.nodes.manifest, context.sessionId, device) } });
const read = async (context: Authentication) => (await g.call('GET', `/v1/authentications/${context.id}`, { key: keys.shop })).body as Authentication;
const refund = (context: Authentication, body: object) => g.call('POST', `/v1/authentications/${context.id}/refunds`, { key: keys.shop, body });
const settled = async (context: Authentication, status: string) => eventually(async () => (await read(context)).payment?.status === status);
async function paid(amount = 1_250): Promise<Authentication> {
  const context = await open(amount);
  expect((await present(context)).body).toMatchObject({ status: 'succeeded' });
  await settled(context, 'posted');
  return context;
}

describe('a payment', () => {
  test('is reserved, signed and posted; the terminal learns nothing of the money', async () => {
    books.fill(wallet, 2_000);
    const context = await open();
    const shown = await present(context);
    expect(shown.body).toMatchObject({ status: 'succeeded', outcome: { reason: 'ok' } });
    expect(shown.body.payment).toBeUndefined();
    await settled(context, 'posted');
    const { payment, result } = await read(context);
    expect(payment).toEqual({ status: 'posted', amount: 1_250, currency: 'EUR', reservation: expect.stringMatching(/^network\.payments:pay-/), transfer: expect.stringMatching(/\.p$/), refunded: 0 });
    expect(result!.idToken).toBeDefined();
    expect(books.transfers.slice(1).map(({ kind }) => kind)).toEqual(['pending', 'post']);
    expect([books.balance(wallet), books.balance(till)]).toEqual([{ posted: 750n, reserved: 0n }, { posted: 1_250n, reserved: 0n }]);
    expect(g.nodes.seen.filter(({ method }) => method === 'authentication.run')).toHaveLength(0);
  });

  test.each([['an empty wallet', 1_249], ['no wallet', 0]])('with %s ends as insufficient-balance, and no token is made', async (_, balance) => {
    if (balance) books.fill(wallet, balance);
    const context = await open();
    expect((await present(context)).body).toMatchObject({ status: 'failed', outcome: { reason: 'insufficient-balance', retryAllowed: true } });
    const { result, payment } = await read(context);
    expect(result).toBeUndefined();
    expect(payment).toMatchObject({ status: 'refused' });
    expect(g.nodes.seen.at(-1)).toMatchObject({ method: 'authentication.sign', body: { sign: false } });
    expect(books.balance(wallet)).toEqual({ posted: BigInt(balance), reserved: 0n });
    expect(await g.events('vendor:shop')).toContainEqual(expect.objectContaining({ type: 'authentication_failed', contextId: context.id, reason: 'insufficient-balance' }));
    expect((await refund(context, { refundId: 'r' })).status).toBe(409);
  });

  test('of a person whom the nodes do not recognise touches no money', async () => {
    books.fill(wallet, 2_000);
    g.nodes.behaviour.decision = { accepted: false, reason: 'no-match', verified: false };
    const context = await open();
    expect((await present(context)).body).toMatchObject({ status: 'failed', outcome: { reason: 'no-match' } });
    expect(books.transfers).toHaveLength(1);
    expect((await read(context)).payment).toBeUndefined();
  });

  test.each<[string, () => void]>([
    ['names somebody else before the token', () => void (g.nodes.behaviour.heldSub = 'somebody-else')],
    ['alters the token', () => void (g.nodes.behaviour.lie = (answer) => ({ ...answer, idToken: answer.idToken!.replace(/.$/, (c) => (c === 'A' ? 'g' : 'A')) }))],
    ['makes no token', () => void (g.nodes.behaviour.lie = () => { throw new Error('broken'); })],
  ])('under a leader that %s gives the money back', async (_, lie) => {
    books.fill(wallet, 2_000);
    books.fill(walletOf(networkId, 'shop.example', 'somebody-else', 'EUR'), 2_000);
    lie();
    const context = await open();
    expect((await present(context)).status).toBeGreaterThanOrEqual(500);
    await settled(context, 'voided');
    expect((await read(context)).status).toBe('pending');
    expect(books.balance(till).posted).toBe(0n);
    for (const sub of [fakeSub, 'somebody-else']) expect(books.balance(walletOf(networkId, 'shop.example', sub, 'EUR'))).toEqual({ posted: 2_000n, reserved: 0n });
    Object.assign(g.nodes.behaviour, { lie: undefined, heldSub: undefined });
    expect((await present(context)).body).toMatchObject({ status: 'succeeded' });
    await settled(context, 'posted');
    expect(books.balance(wallet)).toEqual({ posted: 750n, reserved: 0n });
  });

  test('waits for a ledger that is away, and survives answers that are lost', async () => {
    books.fill(wallet, 2_000);
    const context = await open();
    books.isAway = true;
    expect(await present(context)).toMatchObject({ status: 503, body: { code: 'log.unavailable' } });
    books.isAway = false;
    let lost = 0;
    // The reservation arrives first here; then each answer to the posting but the third is lost.
    expect((await present(context)).body).toMatchObject({ status: 'succeeded' });
    books.loses = (method) => method === 'transfers.create' && lost++ < 2;
    await settled(context, 'posted');
    await eventually(() => books.balance(wallet).reserved === 0n);
    expect([books.balance(wallet).posted, books.balance(till).posted]).toEqual([750n, 1_250n]);
  });
});

describe('a refund', () => {
  test('goes back once, in parts, and never more than was paid', async () => {
    books.fill(wallet, 2_000);
    const context = await paid();
    const first = await refund(context, { refundId: 'r-1', amount: 250 });
    expect(first).toMatchObject({ status: 202, body: { refundId: 'r-1', amount: 250, currency: 'EUR', authenticationId: context.id } });
    await eventually(async () => (await refund(context, { refundId: 'r-1', amount: 250 })).body.status === 'posted');
    expect(await refund(context, { refundId: 'r-1', amount: 251 })).toMatchObject({ status: 422, body: { code: 'idempotency.other-body' } });
    expect(await refund(context, { refundId: 'r-2', amount: 1_001 })).toMatchObject({ status: 409 });
    const racing = await Promise.all(['a', 'b', 'c', 'd'].map((refundId) => refund(context, { refundId, amount: 400 })));
    expect(racing.map(({ status }) => status).sort()).toEqual([202, 202, 409, 409]);
    expect((await refund(context, { refundId: 'rest' })).body).toMatchObject({ amount: 200 });
    expect((await refund(context, { refundId: 'more' })).status).toBe(409);
    await eventually(() => books.balance(wallet).posted === 2_000n);
    expect(books.balance(till).posted).toBe(0n);
    await eventually(async () => (await g.call('GET', `/v1/authentications/${context.id}/refunds`, { key: keys.shop })).body.refunds.every(({ status }: { status: string }) => status === 'posted'));
    expect((await read(context)).payment).toMatchObject({ status: 'posted', refunded: 1_250 });
  });

  test('that the vendor can’t pay is refused, and can be asked for again', async () => {
    books.fill(wallet, 2_000);
    const context = await paid();
    books.fill('vendor.shop:other', 1);
    books.answer('transfers.create', { transfers: [{ kind: 'single', id: 'vendor.shop:spent', debitAccount: till, creditAccount: 'vendor.shop:other', amount: '1000', asset: 'EUR', code: 'purchase' }] });
    await refund(context, { refundId: 'r-1' });
    await eventually(async () => (await refund(context, { refundId: 'r-1' })).body.status === 'refused');
    expect((await read(context)).payment).toMatchObject({ refunded: 0 });
    await refund(context, { refundId: 'r-2', amount: 250 });
    await eventually(() => books.balance(wallet).posted === 1_000n);
  });

  test('of another vendor’s payment, or of none, is not found', async () => {
    books.fill(wallet, 2_000);
    const context = await paid();
    expect((await g.call('POST', `/v1/authentications/${context.id}/refunds`, { key: keys.other, body: { refundId: 'r' } })).status).toBe(404);
    expect((await g.call('POST', '/v1/authentications/none/refunds', { key: keys.shop, body: { refundId: 'r' } })).status).toBe(404);
    for (const body of [{}, { refundId: 'r', amount: 0 }, { refundId: 'r', amount: 1.5 }, { refundId: 'r', more: 1 }]) expect((await refund(context, body)).status).toBe(400);
  });
});

test('a vendor opens a wallet of its own people; nobody but the gateway uses the names of payments', async () => {
  const { body } = await g.call('PUT', `/v1/payers/${fakeSub}/accounts/EUR`, { key: keys.shop });
  expect(body).toEqual({ account: wallet, available: '0', reserved: '0' });
  expect((await g.call('PUT', `/v1/payers/${fakeSub}/accounts/EUR`, { key: keys.other })).body.account).not.toBe(wallet);
  const move = { kind: 'single', id: 'network.payments:x', debitAccount: wallet, creditAccount: till, amount: '1', asset: 'EUR', code: 'payment' };
  for (const key of [keys.shop, keys.admin]) expect((await g.call('POST', '/v1/ledger/transfers', { key, body: { transfers: [move] } })).status).toBe(403);
});

describe('a gateway that dies', () => {
  class Died extends Error {}
  const points = ['begun', 'asked', 'reserved', 'decided', 'posting-asked', 'voiding-asked', 'none'] as const;

  test.each(points.flatMap((point) => [[point, true] as const, [point, false] as const]))('at %s (answer used: %s) moves money once or not at all', async (point, accepted) => {
    books.fill(wallet, 2_000);
    const database = openDatabase(g.databaseUrl);
    let nowMs = Date.now() + 3_600_000;
    let isDead = false;
    const faults = (at: string): void => {
      if (isDead || at === point) {
        isDead = true;
        throw new Died();
      }
    };
    // What a dead process does not do any more.
    const ledger = { ask: async (method: string, body: unknown) => (isDead ? Promise.reject(new Died()) : books.answer(method, body)) } as never;
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    const wholeStore = new PaymentStore(database);
    const store = new Proxy(wholeStore, { get: (target, name: keyof PaymentStore) => (...input: never[]) => (isDead ? Promise.reject(new Died()) : (target[name] as (...all: never[]) => unknown).apply(target, input)) });
    const use = { store, ledger, clock, log: silentLogger, wake: () => undefined, onChange: () => undefined };
    const context = { networkId, contextId: 'ctx', vendorId: 'shop', sector: 'shop.example', amount: 1_250, currency: 'EUR' } as never;
    let isUsed = false;
    try {
      const service = new PaymentService({ ...use, faults });
      const id = await service.reserve('s'.repeat(43), context, fakeSub);
      if (!accepted) await service.abandon(id!);
      else {
        faults('decided');
        isUsed = await store.move(id!, ['reserved'], 'posting', nowMs);
      }
      await new PaymentWorker({ ...use, faults }).look();
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
    // Another process comes, later; g's own worker looks at the same rows with another clock and the same books.
    isDead = false;
    for (let i = 0; i < 4; i++) {
      nowMs += 60_000;
      await new PaymentWorker(use).look();
    }
    await database.$disconnect();
    expect([books.balance(wallet), books.balance(till).posted]).toEqual(isUsed ? [{ posted: 750n, reserved: 0n }, 1_250n] : [{ posted: 2_000n, reserved: 0n }, 0n]);
    expect(await g.sql('SELECT status FROM payments')).toEqual([{ status: isUsed ? 'posted' : 'voided' }]);
    expect(isUsed).toBe(accepted && !['begun', 'asked', 'reserved', 'decided'].includes(point));
  });
});

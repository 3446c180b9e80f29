import { afterEach, describe, expect, test } from '@jest/globals';
import { type AuthenticationContext, sessionIdOf } from '@boop/identity';
import { type Authentication } from '@boop/protocol';
import { authenticationContext, authenticationEntry, createFakeNetwork, type FakeNetwork } from '../fixtures/fake-network.ts';
import { type ScriptedBridge, startScriptedBridge, until } from '../fixtures/scripted-bridge.ts';
import { createVendorClient, type VendorClient, type VendorOptions } from './vendor-client.ts';

const network = await createFakeNetwork();
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

/** A gateway whose contexts end as the test says. */
class FakeGateway {
  readonly requests: { method: string; path: string; body: unknown }[] = [];
  context!: AuthenticationContext;
  ended: Partial<Authentication> = {};
  /** Answers of the proof endpoint, in order; undefined is "pending". */
  proofs: unknown[] = [];
  readonly #network: FakeNetwork;

  constructor(from: FakeNetwork) {
    this.#network = from;
  }

  view(): Authentication {
    const { contextId, type, nonce, issuedAt, expiresAt } = this.context;
    const times = { createdAt: new Date(issuedAt * 1000).toISOString(), expiresAt: new Date(expiresAt * 1000).toISOString() };
    return { id: contextId, status: 'pending', type, nonce, sessionId: sessionIdOf(this.context), ...times, link: `https://gateway.test/a/${contextId}`, ...this.ended };
  }

  accept(idToken = this.#network.token(this.context), signers = [1, 2, 3]): void {
    const { logEntry, ...receipt } = this.#network.receipts(authenticationEntry(this.context, idToken), signers);
    this.ended = { status: 'succeeded', result: { reason: 'ok', retryAllowed: false, verified: true, idToken, logEntry, receipt, decidedAt: new Date().toISOString() } };
  }

  reject(): void {
    const { logEntry, ...receipt } = this.#network.receipts(authenticationEntry(this.context, undefined));
    this.ended = { status: 'failed', result: { reason: 'no-match', retryAllowed: true, verified: false, logEntry, receipt, decidedAt: new Date().toISOString() } };
  }

  fetch = (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const path = new URL(String(input)).pathname;
    const body = init.body === undefined ? undefined : (JSON.parse(String(init.body)) as { contextId: string });
    this.requests.push({ method: init.method ?? 'GET', path, body });
    return Promise.resolve(this.#answer(path, init.method ?? 'GET', body));
  };

  #answer(path: string, method: string, body: { contextId?: string } | undefined): Response {
    if (path === '/v1/network') return Response.json(this.#network.info);
    if (path === '/.well-known/jwks.json') return Response.json(this.#network.jwks);
    if (path.startsWith('/v1/ledger/proofs/')) {
      const proof = this.proofs.shift();
      return proof ? Response.json({ proof }) : Response.json({ type: 'p', title: 'Pending', status: 202, code: 'log.pending', retryAllowed: true }, { status: 202, headers: { 'retry-after': '0' } });
    }
    if (path === '/v1/authentications' && method === 'POST') this.context = authenticationContext({ contextId: body!.contextId! });
    if (path.endsWith('/cancel')) this.ended = { status: 'cancelled' };
    return Response.json(this.view());
  }
}

function vendor(gateway: FakeGateway, options: Partial<VendorOptions> = {}): VendorClient {
  const client = createVendorClient({ gatewayUrl: 'https://gateway.test', apiKey: 'sk_test_1', vendorId: 'vendor-1', ports: { fetch: gateway.fetch as typeof fetch }, ...options });
  cleanUp.push(() => client.close());
  return client;
}

describe('a vendor', () => {
  test('gets a verified token in two lines, by polling', async () => {
    const gateway = new FakeGateway(network);
    const authentication = await vendor(gateway).createAuthentication({ type: 'access' });
    setTimeout(() => gateway.accept(), 150);
    const result = await authentication.waitForResult();
    expect(result).toMatchObject({ outcome: 'accepted', verified: true, claims: { sub: 'pairwise', boop: { context: authentication.id } }, logEntry: expect.any(String) });
    expect(gateway.requests[0]).toEqual({ method: 'POST', path: '/v1/authentications', body: { type: 'access', contextId: authentication.id } });
    expect(authentication.link).toBe(`https://gateway.test/a/${authentication.id}`);
  });

  test('learns that nobody was recognised', async () => {
    const gateway = new FakeGateway(network);
    const authentication = await vendor(gateway).createAuthentication({ type: 'access', contextId: 'order-7' });
    expect(authentication.id).toBe('order-7');
    gateway.reject();
    expect(await authentication.waitForResult()).toMatchObject({ outcome: 'rejected', reason: 'no-match', retryAllowed: true, logEntry: expect.any(String) });
  });

  test('learns which attributes somebody lacks, and of nobody else', async () => {
    const outcome = { reason: 'user-missing-attributes', retryAllowed: false, endedAt: new Date().toISOString() } as const;
    const ended = async (missing?: string[]) => {
      const gateway = new FakeGateway(network);
      const authentication = await vendor(gateway).createAuthentication({ type: 'access', requiredAttributes: ['email', 'phone'] });
      gateway.reject();
      const { result } = gateway.ended;
      gateway.ended = { status: 'failed', result: { ...result!, ...(missing ? { reason: outcome.reason, retryAllowed: false } : {}) }, ...(missing ? { outcome: { ...outcome, ...(missing.length > 0 ? { missing } : {}) } } : {}) };
      return await authentication.waitForResult();
    };
    expect(await ended(['phone'])).toMatchObject({ outcome: 'rejected', reason: 'user-missing-attributes', retryAllowed: false, missing: ['phone'] });
    // As of a gateway that knows no lists.
    expect(await ended([])).toMatchObject({ reason: 'user-missing-attributes', missing: undefined });
    expect(await ended()).toMatchObject({ reason: 'no-match', missing: undefined });
  });

  test('cancels, and sees it', async () => {
    const gateway = new FakeGateway(network);
    const authentication = await vendor(gateway).createAuthentication({ type: 'access' });
    await authentication.cancel();
    expect(await authentication.waitForResult()).toMatchObject({ outcome: 'cancelled' });
    expect(gateway.requests.some(({ method, path }) => method === 'POST' && path === `/v1/authentications/${authentication.id}/cancel`)).toBe(true);
  });

  test('stops waiting by signal or time', async () => {
    const gateway = new FakeGateway(network);
    const authentication = await vendor(gateway).createAuthentication({ type: 'access' });
    await expect(authentication.waitForResult({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'wait.timeout' });
    await expect(authentication.waitForResult({ signal: AbortSignal.abort(new Error('closing time')) })).rejects.toThrow('closing time');
  });

  test.each([
    ['a token of another context', 'token.invalid', (gateway: FakeGateway) => gateway.accept(network.token(authenticationContext({ contextId: 'other' })))],
    ['a token that names another context', 'token.invalid', (gateway: FakeGateway) =>
      gateway.accept(network.token(gateway.context, { boop: { context: 'other', type: 'access', verified: true, splitAt: 'edge', epoch: 1 } }))],
    ['a token that says verified where the result does not', 'receipt.invalid', (gateway: FakeGateway) => {
      gateway.accept();
      gateway.ended = { ...gateway.ended, result: { ...gateway.ended.result!, verified: false } };
    }],
    ['a receipt of one node', 'receipt.invalid', (gateway: FakeGateway) => gateway.accept(undefined, [4])],
    ['a rejection with a token in it', 'response.malformed', (gateway: FakeGateway) => {
      gateway.accept();
      gateway.ended = { ...gateway.ended, status: 'failed' };
    }],
    ['a success without a token', 'response.malformed', (gateway: FakeGateway) => {
      gateway.reject();
      gateway.ended = { ...gateway.ended, status: 'succeeded' };
    }],
  ])('refuses %s', async (_, code, end) => {
    const gateway = new FakeGateway(network);
    const authentication = await vendor(gateway).createAuthentication({ type: 'access' });
    end(gateway);
    await expect(authentication.waitForResult()).rejects.toMatchObject({ code });
  });

  test('refuses a network that is not the pinned one', async () => {
    const gateway = new FakeGateway(network);
    const stranger = await createFakeNetwork({ seed: 2 });
    await expect(vendor(gateway, { pin: stranger.info }).network()).rejects.toMatchObject({ code: 'network.mismatch' });
  });

  test('waits for a log proof and verifies it under the pinned key', async () => {
    const gateway = new FakeGateway(network);
    const client = vendor(gateway);
    await client.createAuthentication({ type: 'access' });
    const entry = authenticationEntry(gateway.context, undefined);
    gateway.proofs = [undefined, undefined, network.proof(entry)];
    const { logEntry } = network.receipts(entry);
    const proof = await client.getLogProof(logEntry, { waitMs: 60_000 });
    expect(await client.verifyProof(proof, logEntry)).toMatchObject({ leafIndex: 0, entry });
    await expect(client.getLogProof(logEntry)).rejects.toMatchObject({ code: 'log.pending' });
    const stranger = await createFakeNetwork({ seed: 2 });
    await expect(vendor(gateway, { logVerifierKey: stranger.info.log.verifierKey }).verifyProof(proof)).rejects.toMatchObject({ code: 'log.unverified-note' });
  });
});

describe('a vendor with a channel', () => {
  async function bridgeOf(gateway: FakeGateway): Promise<{ bridge: ScriptedBridge; client: VendorClient }> {
    const bridge = await startScriptedBridge((message, connection) => {
      connection.send({ type: 'vendor_hello_response', re: message.id, epoch: 'e', offset: 0, recovered: true, heartbeatMs: 30_000 });
    });
    cleanUp.push(() => bridge.close());
    const client = vendor(gateway, { bridgeUrl: bridge.url });
    // A client goes on without a bridge that keeps it waiting: what follows is about one that has its channel.
    await client.createAuthentication({ type: 'access' });
    await until(() => bridge.received.length > 0);
    await bridge.connections[0]!.settled();
    return { bridge, client };
  }
  const gets = (gateway: FakeGateway): number => gateway.requests.filter(({ method, path }) => method === 'GET' && path.startsWith('/v1/authentications/')).length;

  test('takes the result from the event and asks nothing', async () => {
    const gateway = new FakeGateway(network);
    const { bridge, client } = await bridgeOf(gateway);
    const authentication = await client.createAuthentication({ type: 'access' });
    gateway.accept();
    const waiting = authentication.waitForResult();
    bridge.connections[0]!.send({ type: 'authentication_success', epoch: 'e', offset: 1, authentication: gateway.view() });
    expect(await waiting).toMatchObject({ outcome: 'accepted' });
    expect([gets(gateway), bridge.received[0]]).toEqual([0, expect.objectContaining({ type: 'vendor_hello', apiKey: 'sk_test_1' })]);
  });

  test('an event from before the wait is not lost, and the reason of a failed capture comes with it', async () => {
    const gateway = new FakeGateway(network);
    const { bridge, client } = await bridgeOf(gateway);
    const authentication = await client.createAuthentication({ type: 'access' });
    gateway.ended = { status: 'failed' };
    bridge.connections[0]!.send({ type: 'authentication_failed', epoch: 'e', offset: 1, contextId: authentication.id, reason: 'liveness', retryAllowed: true, authentication: gateway.view() });
    await bridge.connections[0]!.settled();
    expect(await authentication.waitForResult()).toMatchObject({ outcome: 'rejected', reason: 'liveness', logEntry: undefined });
    expect(gets(gateway)).toBe(0);
  });

  test('expiry is asked for once more, since its event carries no resource', async () => {
    const gateway = new FakeGateway(network);
    const { bridge, client } = await bridgeOf(gateway);
    const authentication = await client.createAuthentication({ type: 'access' });
    gateway.ended = { status: 'expired' };
    const waiting = authentication.waitForResult();
    bridge.connections[0]!.send({ type: 'context_expired', epoch: 'e', offset: 1, contextId: authentication.id });
    expect(await waiting).toMatchObject({ outcome: 'expired' });
  });

  test('falls back to polling when the bridge refuses', async () => {
    const gateway = new FakeGateway(network);
    const bridge = await startScriptedBridge((_, connection) => connection.close(4401));
    cleanUp.push(() => bridge.close());
    const authentication = await vendor(gateway, { bridgeUrl: bridge.url }).createAuthentication({ type: 'access' });
    await until(() => bridge.connections.length === 1);
    setTimeout(() => gateway.accept(), 100);
    expect(await authentication.waitForResult()).toMatchObject({ outcome: 'accepted' });
  });
});

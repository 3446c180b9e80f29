import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { passivePalmCheck } from '@boop/biometric';
import { SigningKey } from '@boop/identity';
import { consentEntryOf, isRegistrationEntry, logEntryHash, parseLogEntry } from '@boop/protocol';
import { presentByRest, systemRng, type TerminalLiveness } from '@boop/sdk';
import { fromBase64Url } from '@boop/shared';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { type Palm, realPalmsOrSynthetic, syntheticPalmOf } from './palms.ts';
import { isAlive } from './processes.ts';
import { patiently, postJson, Shop } from './shop.ts';
import { checkCheckpoint, query } from './stock-clients.ts';
import { type CollectedSpan, OTLP_KIND, TraceCollector } from './trace-collector.ts';

const all = [1, 2, 3, 4, 5];
const stranger = syntheticPalmOf(7);
const registered = syntheticPalmOf(1);
let real: Palm;
let realStranger: Palm;
let collector: TraceCollector;
let network: RunningNetwork;
let shop: Shop;

beforeAll(async () => {
  [real, realStranger] = realPalmsOrSynthetic() as [Palm, Palm];
  collector = await TraceCollector.start();
  network = await startNetwork({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
  shop = new Shop(network);
}, 300_000);

afterAll(async () => {
  shop?.close();
  await network?.dispose();
  await collector?.close();
}, 120_000);

const duplicate = { code: 'registration.duplicate', kind: 'rejected' };
const others = (down: readonly number[]): number[] => all.filter((party) => !down.includes(party));

// The tests tell one story, in order.
describe('a network of five nodes', () => {
  test('answers on every health address that it prints', async () => {
    const status = await network.status();
    expect(status.filter(({ name }) => name !== 'console').map(({ name }) => name)).toEqual([...all.map((party) => `node-${party}`), 'ledger', 'attributes', 'gateway', 'bridge']);
    for (const { healthUrl } of status) {
      expect(network.output).toContain(`${healthUrl}/readyz`);
      expect((await fetch(`${healthUrl}/readyz`)).status).toBe(200);
      expect((await fetch(`${healthUrl}/healthz`)).status).toBe(200);
    }
  });

  test('registers palms and recognises them, by REST and over the channels', async () => {
    const receipt = await shop.register({ 'right-palm': registered.samples });
    expect(receipt).toMatchObject({ verified: true });
    const registration = parseLogEntry(fromBase64Url(receipt.receipt.entry));
    if (!isRegistrationEntry(registration)) throw new Error(registration.kind);
    const consent = await shop.vendor.getLogProof(logEntryHash(consentEntryOf(registration)), { waitMs: 60_000 });
    expect((await shop.vendor.verifyProof(consent)).entry).toMatchObject({ kind: 'consent', consent: registration.consent, action: 'given' });
    await expect(shop.registerByRest({ 'right-palm': real.samples })).resolves.toMatchObject({ verified: true });
    await expect(shop.authenticate(registered.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true, claims: { boop: { verified: true } } });
    await expect(shop.authenticateByChannel(registered.others[1]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
    await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'rejected', reason: 'no-match' });
    for (const capture of real.others) await expect(shop.authenticate(capture)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
    for (const capture of realStranger.others.slice(0, 3)) await expect(shop.authenticateByChannel(capture)).resolves.toMatchObject({ outcome: 'rejected', reason: 'no-match' });
    await expect(shop.register({ 'right-palm': real.others.slice(0, 3) })).rejects.toMatchObject(duplicate);
    await expect(shop.registerByRest({ 'right-palm': registered.others.slice(0, 3) })).rejects.toMatchObject(duplicate);
  });

  test('gives a person the same name at the same vendor every time', async () => {
    const results = [await shop.authenticate(registered.others[0]!), await shop.authenticate(registered.others[2]!), await shop.authenticate(real.others[0]!)];
    const [first, again, other] = results.map((result) => result.outcome === 'accepted' && result.claims.sub);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test('leaves one trace of an authentication, over gateway, leader, the other nodes and the ledger', async () => {
    const before = collector.spans.length;
    const { outcome } = await shop.authenticate(registered.others[0]!);
    expect(outcome).toBe('accepted');
    const nodes = all.map((party) => `node-${party}`);
    const spans = await collector.whole('POST /v1/authentications/:id/probe', ['gateway', ...nodes, 'ledger'], before);

    const byId = new Map(spans.map((span) => [span.spanId, span]));
    for (const span of spans.filter(({ parentSpanId }) => parentSpanId)) {
      const parent = byId.get(span.parentSpanId!)!;
      // What asks another process was asked itself, in the same process; what serves was asked by the same name, from another.
      expect([span.kind, parent.kind].sort()).toEqual([OTLP_KIND.server, OTLP_KIND.client]);
      expect(parent.instance === span.instance).toBe(span.kind === OTLP_KIND.client);
      if (span.kind === OTLP_KIND.server) expect(parent.name).toBe(span.name);
    }
    const served = (name: string) => spans.filter((span) => span.name === name && span.kind === OTLP_KIND.server);
    const parentOf = (span: CollectedSpan) => byId.get(span.parentSpanId!)!;
    const [root] = served('POST /v1/authentications/:id/probe');
    expect(root).toMatchObject({ instance: 'gateway', service: 'boop-api-gateway' });
    const leader = served('authentication.run').at(-1)!;
    expect(leader.service).toBe('boop-mpc-node');
    for (const asked of [leader, ...served('log.append')]) expect(parentOf(parentOf(asked))).toBe(root);
    expect(served('log.append').map(({ instance }) => instance)).toContain('ledger');
    const opened = served('in.1.session.open').filter((span) => parentOf(parentOf(span)) === leader);
    expect([leader, ...opened].map(({ instance }) => instance).sort()).toEqual(nodes);

    // What came over a channel, in the test before, began at the bridge.
    const submitted = collector.spans.filter(({ name, instance }) => name === 'probe.submit' && instance === 'bridge');
    expect(new Set(submitted.map(({ parentSpanId }) => parentSpanId ?? ''))).toEqual(new Set(['']));
    const reached = submitted.map(({ traceId }) => new Set(collector.trace(traceId).map(({ instance }) => instance)));
    expect(reached.some((instances) => ['gateway', ...nodes, 'ledger'].every((name) => instances.has(name)))).toBe(true);
  });

  test('names nobody in a trace and nothing of a body, whatever was asked', async () => {
    const result = await shop.authenticate(registered.others[1]!);
    if (result.outcome !== 'accepted') throw new Error(result.outcome);
    const { authentication, claims, idToken, logEntry } = result;
    // Late spans of this authentication; those of the registrations have long come.
    await collector.whole('POST /v1/authentications/:id/probe', ['gateway', 'ledger'], collector.spans.findLastIndex(({ name }) => name === 'POST /v1/authentications') + 1);
    const methods = new Set(collector.spans.map(({ name }) => name));
    for (const method of ['POST /v1/registrations', 'registration.run', 'in.1.gallery.commit', 'in.1.run.take', 'log.append']) expect(methods).toContain(method);

    const values = [...collector.spans.flatMap(({ name, attributes, resource }) => [name, ...attributes.values(), ...resource.values()])];
    expect(new Set(collector.spans.flatMap(({ attributes }) => [...attributes.keys()]).filter((key) => key !== 'error.type'))).toEqual(new Set(['rpc.system', 'rpc.method', 'http.request.method', 'http.route', 'http.response.status_code']));
    expect(new Set(collector.spans.flatMap(({ resource }) => [...resource.keys()]))).toEqual(new Set(['service.name', 'service.instance.id']));
    // Words and the routes' patterns: no identifier, key, token, share or address has this form.
    for (const value of new Set(values)) expect(String(value)).toMatch(/^(?!.*(?:\d{4}|[\da-f]{8}-|[^/:. -]{25}))[\w/:. *-]{1,100}$/);
    for (const { events, links, status } of collector.spans) expect([events, links, status.message ?? '']).toEqual([[], [], '']);
    const sent = collector.bodies.join();
    for (const secret of [claims.sub, idToken, logEntry, authentication.id, authentication.sessionId, authentication.nonce, shop.vendorId, shop.terminalId, shop.apiKey, shop.terminalKey]) expect(sent).not.toContain(secret);
  });

  test('accepts only captures whose liveness was checked where the vendor asks for it, and says so in the token', async () => {
    const { gatewayUrl, terminalKey, device, pin } = shop;
    const present = async (liveness?: TerminalLiveness) => {
      const handle = await shop.open({ policy: { livenessLevel: 1 } });
      await presentByRest({ gatewayUrl, terminalKey, device, pin, authentication: handle.authentication, capture: registered.others[0]!, ...(liveness ? { liveness } : {}) });
      return await handle.waitForResult();
    };
    await expect(patiently(() => present({ check: passivePalmCheck, key: device }))).resolves.toMatchObject({ outcome: 'accepted', claims: { acr: 'urn:boop:acr:palm:t1n5:verified:liveness-1' } });
    await expect(present()).rejects.toMatchObject({ code: 'liveness.missing' });
    await expect(present({ check: passivePalmCheck, key: SigningKey.generate(systemRng) })).rejects.toMatchObject({ code: 'liveness.bad-signature' });
    await expect(shop.open({ policy: { livenessLevel: 2 } })).rejects.toMatchObject({ code: 'request.malformed' });
  });

  test('is understood by stock clients: jose, plain Ed25519, the PostgreSQL driver', async () => {
    const result = await shop.authenticate(registered.others[0]!);
    if (result.outcome !== 'accepted') throw new Error(result.outcome);
    const { jwks_uri: jwksUri, issuer } = (await (await fetch(`${network.gatewayUrl}/.well-known/openid-configuration`)).json()) as { jwks_uri: string; issuer: string };
    const keys = createRemoteJWKSet(new URL(jwksUri));
    const { payload } = await jwtVerify(result.idToken, keys, { issuer, audience: shop.vendorId, algorithms: ['EdDSA'] });
    expect(payload).toMatchObject({ nonce: result.authentication.nonce, jti: result.authentication.sessionId, boop: { context: result.authentication.id, verified: true } });
    expect(decodeProtectedHeader(result.idToken)).toMatchObject({ alg: 'EdDSA', typ: 'JWT' });
    const altered = result.idToken.replace(/\.(.)/, (_, first: string) => `.${first === 'e' ? 'f' : 'e'}`);
    await expect(jwtVerify(altered, keys)).rejects.toThrow();
    await expect(jwtVerify(result.idToken, keys, { audience: 'another-shop' })).rejects.toMatchObject({ code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' });

    const proof = await shop.vendor.getLogProof(result.logEntry, { waitMs: 60_000 });
    const { log } = await shop.info();
    const note = await (await fetch(`${network.ledgerUrl}/checkpoint`)).text();
    const checkpoint = checkCheckpoint(note, log.verifierKey);
    expect(checkpoint).toMatchObject({ origin: log.origin, signedBy: log.origin });
    expect(checkpoint.size).toBeGreaterThan(proof.leafIndex);
    expect(() => checkCheckpoint(note.replace(`\n${checkpoint.size}\n`, `\n${checkpoint.size + 1}\n`), log.verifierKey)).toThrow('the signature does not verify');

    const [entries] = await query<{ count: number; last: Buffer }>(network.adminUrl('ledger'), 'SELECT count(*)::int AS count, (SELECT bytes FROM entries ORDER BY leaf_index DESC LIMIT 1) AS last FROM entries');
    expect(entries!.count).toBeGreaterThanOrEqual(checkpoint.size);
    expect(JSON.parse(entries!.last.toString())).toMatchObject({ v: 1, networkId: network.manifest.networkId });
    const slots = async () => (await query<{ slot: number }>(network.adminUrl('node_3'), 'SELECT slot FROM gallery_rows ORDER BY slot')).map(({ slot }) => slot);
    // A node that was late gets its rows from another.
    await until(async () => (await slots()).length === 2, 60_000);
    expect(await slots()).toEqual([0, 1]);
  });

  test('stops on Ctrl-C and leaves no process and no port behind', async () => {
    const pids = (await network.status()).map(({ pid }) => pid!);
    expect(pids.every(isAlive)).toBe(true);
    await expect(network.leftovers()).resolves.toMatchObject({ pids: expect.arrayContaining(pids) });
    expect(await network.stop()).toBe(0);
    expect(network.output).toMatch(/\nstopped\n$/);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await network.leftovers()).toEqual({ pids: [], ports: [] });
  }, 120_000);

  test('starts again and still knows who was registered', async () => {
    const durationMs = await network.start();
    process.stderr.write(`second start: ${(durationMs / 1000).toFixed(1)} s\n`);
    await expect(shop.authenticate(registered.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
    await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'rejected', reason: 'no-match' });
    await expect(shop.register({ 'right-palm': registered.others.slice(0, 3) })).rejects.toMatchObject(duplicate);
  }, 300_000);
});

describe('with nodes killed', () => {
  /** All ten pairs; each differs from the one before in one node. */
  const pairs: readonly (readonly [number, number])[] = [[1, 2], [1, 3], [1, 4], [1, 5], [2, 5], [2, 4], [2, 3], [3, 4], [3, 5], [4, 5]];
  let down: readonly number[] = [];
  let untouched: readonly (number | undefined)[];

  const servicePids = async (): Promise<(number | undefined)[]> => (await network.status()).filter(({ name }) => !name.startsWith('node-')).map(({ pid }) => pid);

  /** Kills and starts nodes until exactly these are down. */
  async function takeDown(wanted: readonly number[]): Promise<void> {
    for (const party of wanted) if (!down.includes(party)) await network.killNode(party);
    for (const party of down) if (!wanted.includes(party)) await network.startNode(party);
    down = wanted;
    await network.settled(others(wanted));
  }

  beforeAll(async () => {
    untouched = await servicePids();
  });

  test('one: recognises as ever, since a second committee is left', async () => {
    await takeDown([1]);
    await expect(shop.authenticate(registered.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
    await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'rejected', reason: 'no-match' });
    await expect(shop.register({ 'right-palm': stranger.samples })).rejects.toMatchObject({ code: 'mpc.nodes-unavailable' });
  });

  test.each(pairs)('nodes %i and %i: recognises, marked unverified', async (...pair) => {
    await takeDown(pair);
    const result = await shop.authenticate(registered.others[0]!);
    expect(result).toMatchObject({ outcome: 'accepted', verified: false, claims: { boop: { verified: false } }, authentication: { status: 'succeeded', result: { verified: false } } });
    await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'rejected', reason: 'no-match' });
  }, 120_000);

  test('two: a payment takes no unverified match unless its vendor says so', async () => {
    await takeDown([4, 5]);
    const payment = { type: 'payment', amount: 1250, currency: 'EUR' } as const;
    await expect(shop.authenticate(registered.others[0]!, payment)).resolves.toMatchObject({ outcome: 'rejected', reason: 'unverified' });
    // Taken, so that it comes to the money, of which there is none.
    await expect(shop.authenticate(registered.others[0]!, { ...payment, policy: { acceptUnverified: true } })).resolves.toMatchObject({ outcome: 'rejected', reason: 'insufficient-balance' });
  });

  test('three: the vendor hears within two seconds, and all works again when they are back', async () => {
    // What waited for a node would be late every time; a machine that was busy with something else is not.
    for (let tries = 1, lateMs = Infinity; lateMs >= 2_000; tries++) {
      await takeDown([4, 5]);
      const early = await shop.open();
      await network.killNode(3);
      down = [3, 4, 5];
      const killedAt = performance.now();
      const refused = await refusal();
      const durationMs = performance.now() - killedAt;
      process.stderr.write(`three of five killed: refused after ${durationMs.toFixed(0)} ms\n`);
      expect(refused).toMatchObject({ status: 503, contentType: expect.stringMatching(/^application\/problem\+json/), body: { code: 'mpc.nodes-unavailable', status: 503, retryAllowed: true } });
      // A context from before says so too, and waits.
      const presentedAt = performance.now();
      await expect(shop.present(early, registered.others[0]!)).rejects.toMatchObject({ code: 'mpc.nodes-unavailable', status: 503 });
      lateMs = Math.max(durationMs, performance.now() - presentedAt);
      if (tries === 6) expect(lateMs).toBeLessThan(2_000);
    }

    await takeDown([]);
    expect(await servicePids()).toEqual(untouched);
    await expect(shop.authenticate(registered.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
    await expect(shop.register({ 'right-palm': stranger.samples })).resolves.toMatchObject({ verified: true });
    await expect(shop.authenticate(stranger.others[0]!)).resolves.toMatchObject({ outcome: 'accepted', verified: true });
  }, 300_000);

  /** Asks for a context until one is refused: a gateway may not have noticed yet that a node is gone. */
  async function refusal() {
    const ask = () => postJson(`${network.gatewayUrl}/v1/authentications`, shop.apiKey, { type: 'access' });
    let answer = await ask();
    await until(async () => answer.status !== 201 || (answer = await ask()).status !== 201, 60_000);
    return answer;
  }
});

import { afterEach, describe, expect, test } from '@jest/globals';
import { decodeImage, encodePalm, passivePalmCheck } from '@boop/biometric';
import { sessionIdOf } from '@boop/identity';
import { palmStatistic, reconstructTemplate } from '@boop/mpc';
import { checkLiveness, checkSplit, type PvsConfiguration, type SealedSplit, splitFor, splitHash } from '@boop/protocol';
import { canonicalJson, partyId } from '@boop/shared';
import { probeQualityMin } from '../capture/encode-capture.ts';
import { authenticationContext, createFakeNetwork, testKey } from '../fixtures/fake-network.ts';
import { blankCapture, darkCapture, palmCapture, shinyCapture } from '../fixtures/palms.ts';
import { type ReceivedMessage, type ScriptedBridge, type ScriptedConnection, startScriptedBridge, until } from '../fixtures/scripted-bridge.ts';
import { presentByRest } from './present-by-rest.ts';
import { createTerminalClient, type TerminalClient, type TerminalOptions } from './terminal-client.ts';

const network = await createFakeNetwork();
const device = testKey(3);
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const welcome = (message: ReceivedMessage) => ({ type: 'pvs_hello_response', re: message.id, epoch: 'e', offset: 0, recovered: true, heartbeatMs: 30_000, terminalId: 'terminal-1', network: network.info });
const ended = (offset: number, reason: string, contextId = 'ctx_1') => ({ type: 'authentication_ended', epoch: 'e', offset, contextId, reason, retryAllowed: reason !== 'ok' });

async function start(script: (message: ReceivedMessage, connection: ScriptedConnection) => void = () => undefined, options: Partial<TerminalOptions> = {}): Promise<{ bridge: ScriptedBridge; terminal: TerminalClient }> {
  const bridge = await startScriptedBridge((message, connection) => (message.type === 'pvs_hello' ? connection.send(welcome(message)) : script(message, connection)));
  cleanUp.push(() => bridge.close());
  const terminal = createTerminalClient({ bridgeUrl: bridge.url, terminalKey: 'tk_test_1', device, ...options });
  cleanUp.push(() => terminal.close());
  await terminal.connect();
  return { bridge, terminal };
}

const probesIn = (bridge: ScriptedBridge): SealedSplit[] => bridge.received.filter(({ type }) => type === 'probe').map(({ probe }) => (probe as { split: SealedSplit }).split);

describe('a terminal', () => {
  test('hears of contexts once, also of those from before it listened, and not of ended or expired ones', async () => {
    const { bridge, terminal } = await start();
    const connection = bridge.connections[0]!;
    const request = (offset: number, contextId: string, expiresAt?: number) =>
      connection.send({ type: 'authentication_requested', epoch: 'e', offset, context: authenticationContext({ contextId, ...(expiresAt ? { expiresAt } : {}) }) });
    request(1, 'a');
    request(2, 'over');
    connection.send(ended(3, 'timeout', 'over'));
    request(4, 'stale', 1);
    request(5, 'b');
    await connection.settled();
    const heard: string[] = [];
    terminal.onRequest(({ contextId }) => heard.push(contextId));
    request(6, 'a');
    request(7, 'c');
    await until(() => heard.includes('c'));
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  test('seals anew, once, when the network has gone on to another epoch since the welcome', async () => {
    let hellos = 0;
    const later = { ...network.info, epoch: network.info.epoch + 1 };
    const bridge = await startScriptedBridge((message, connection) => {
      if (message.type === 'pvs_hello') return connection.send({ ...welcome(message), network: (hellos += 1) === 1 ? network.info : later });
      if (message.type !== 'probe') return;
      const { epoch } = (message.probe as { split: SealedSplit }).split.header;
      if (epoch !== later.epoch) return connection.send({ type: 'error', re: message.id, code: 'share.wrong-epoch', message: 'A share was sealed for another network or epoch', retryAllowed: true });
      connection.send({ type: 'probe_accepted', re: message.id, contextId: 'ctx_1' });
      connection.send(ended(1, 'ok'));
    });
    cleanUp.push(() => bridge.close());
    const terminal = createTerminalClient({ bridgeUrl: bridge.url, terminalKey: 'tk_test_1', device });
    cleanUp.push(() => terminal.close());
    await terminal.connect();
    await expect(terminal.present(authenticationContext(), palmCapture(1, 0))).resolves.toMatchObject({ accepted: true });
    expect(probesIn(bridge).map(({ header }) => header.epoch)).toEqual([network.info.epoch, later.epoch]);
    expect([hellos, terminal.retries]).toEqual([2, 1]);
  });

  test('presents a capture as shares that only the nodes can open', async () => {
    const { bridge, terminal } = await start((message, connection) => {
      connection.send({ type: 'probe_accepted', re: message.id, contextId: 'ctx_1' });
      connection.send(ended(1, 'timeout', 'another'));
      connection.send(ended(2, 'ok'));
    });
    const context = authenticationContext();
    const capture = palmCapture(1, 0);
    expect(await terminal.present(context, capture)).toEqual({ contextId: 'ctx_1', accepted: true, reason: 'ok', retryAllowed: false });

    const [split] = probesIn(bridge);
    expect(split!.header).toMatchObject({ purpose: 'authentication', splitAt: 'edge', items: [{ role: 'probe' }], encoder: 'palm-compcode-1' });
    expect(split!.deviceKey).toBe(device.publicKey);
    for (const party of [1, 2, 3, 4, 5]) checkSplit(splitFor(split!, party), { networkId: 'test-net', epoch: 1, party, nodes: 5, purpose: 'authentication', sessionId: sessionIdOf(context) });
    const shares = await network.open(split!);
    const template = reconstructTemplate(new Map([2, 4].map((party) => [partyId(party), shares[party - 1]!])), palmStatistic, 1);
    expect(template).toEqual(encodePalm(decodeImage(capture)).template.values);
  });

  test('two presentations of one capture share nothing', async () => {
    const { bridge, terminal } = await start((_, connection) => connection.send(ended(bridge.received.length, 'no-match')));
    for (let i = 0; i < 2; i++) expect(await terminal.present(authenticationContext(), palmCapture(1, 0))).toMatchObject({ accepted: false, retryAllowed: true });
    const [first, second] = await Promise.all(probesIn(bridge).map((split) => network.open(split)));
    expect(first![0]).not.toEqual(second![0]);
  });

  test('keeps a poor capture to itself and says what is wrong with it', async () => {
    const { bridge, terminal } = await start();
    await expect(terminal.present(authenticationContext(), blankCapture())).rejects.toMatchObject({ code: 'capture.low-quality', retryAllowed: true, quality: { reasons: ['blank'] } });
    await expect(terminal.present(authenticationContext(), new Uint8Array(10))).rejects.toMatchObject({ code: 'capture.unsupported-format' });
    expect(probesIn(bridge)).toHaveLength(0);
  });

  describe('with a liveness check', () => {
    const checker = testKey(8);
    const liveness = { check: passivePalmCheck, key: checker };
    const asking = () => authenticationContext({ policy: { operatingPoint: 'default', acceptUnverified: true, acceptGatewaySplit: true, livenessLevel: 1 } });

    test('sends its verdict along, which holds for this capture alone', async () => {
      const { bridge, terminal } = await start((_, connection) => connection.send(ended(bridge.received.length, 'ok')), { liveness });
      const context = asking();
      for (let i = 0; i < 2; i++) await expect(terminal.present(context, palmCapture(1, i))).resolves.toMatchObject({ accepted: true });
      const [first, second] = probesIn(bridge).map((split) => splitFor(split, 1));
      const asked = { level: 1, listed: [{ id: 'palm-passive-1', level: 1, publicKey: checker.publicKey }], nowMs: Date.now() };
      const named = { sessionId: sessionIdOf(context), splitHash: splitHash(first!) };
      expect(() => checkLiveness(first!.liveness, named, asked)).not.toThrow();
      expect(() => checkLiveness(second!.liveness, named, asked)).toThrow(expect.objectContaining({ code: 'liveness.other-capture' }));
    });

    test('ends the context where the capture looks like an attack, and sends no share', async () => {
      const { bridge, terminal } = await start((message, connection) => {
        if (message.type === 'capture_failed') connection.send(ended(1, 'liveness'));
      }, { liveness });
      await expect(terminal.present(asking(), shinyCapture())).resolves.toMatchObject({ accepted: false, reason: 'liveness', retryAllowed: true });
      expect(probesIn(bridge)).toHaveLength(0);
      expect(bridge.received.at(-1)).toMatchObject({ type: 'capture_failed', contextId: 'ctx_1', reason: 'liveness' });
    });

    test('is what a context may ask for: without one nothing is presented', async () => {
      const { bridge, terminal } = await start();
      await expect(terminal.present(asking(), palmCapture(1, 0))).rejects.toMatchObject({ code: 'liveness.missing' });
      expect(probesIn(bridge)).toHaveLength(0);
    });
  });

  test.each([
    ['of another network', { networkId: 'other' }, 'context.invalid'],
    ['that has expired', { expiresAt: 10 }, 'context.expired'],
    ['with an operating point that nobody has', { policy: { operatingPoint: 'x', acceptUnverified: true, acceptGatewaySplit: true } }, 'template.unknown-encoder'],
  ])('presents nothing for a context %s', async (_, changes, code) => {
    const { bridge, terminal } = await start();
    await expect(terminal.present(authenticationContext(changes), palmCapture(1, 0))).rejects.toMatchObject({ code });
    expect(probesIn(bridge)).toHaveLength(0);
  });

  test('seals to no other keys than the pinned ones', async () => {
    const stranger = await createFakeNetwork({ seed: 2 });
    const { bridge, terminal } = await start(undefined, { pin: stranger.info });
    await expect(terminal.present(authenticationContext(), palmCapture(1, 0))).rejects.toMatchObject({ code: 'network.mismatch' });
    expect(probesIn(bridge)).toHaveLength(0);
  });

  test('passes on what the nodes say, and lets the person try again', async () => {
    const { terminal } = await start((message, connection) => connection.send({ type: 'error', re: message.id, code: 'mpc.aborted', message: 'The nodes broke off', retryAllowed: true }));
    await expect(terminal.present(authenticationContext(), palmCapture(1, 0))).rejects.toMatchObject({ code: 'mpc.aborted', retryAllowed: true, kind: 'unavailable' });
  });

  test('a decision that was made while the connection was down arrives after it', async () => {
    const { bridge, terminal } = await start((message, connection) => {
      if (connection.index === 0) return connection.drop();
      connection.send({ type: 'error', re: message.id, code: 'context.decided', message: 'over', retryAllowed: false });
      connection.send(ended(1, 'ok'));
    });
    expect(await terminal.present(authenticationContext(), palmCapture(1, 0))).toMatchObject({ accepted: true });
    const [first, second] = probesIn(bridge);
    expect(second).toEqual(first);
  });

  test('reports that it could not capture', async () => {
    const { bridge, terminal } = await start((_, connection) => connection.send(ended(1, 'device-error')));
    expect(await terminal.captureFailed(authenticationContext(), 'device-error')).toMatchObject({ accepted: false, reason: 'device-error' });
    expect(bridge.received.at(-1)).toMatchObject({ type: 'capture_failed', contextId: 'ctx_1', reason: 'device-error' });
  });

  test('hears that its key is not valid any more', async () => {
    const bridge = await startScriptedBridge((_, connection) => connection.close(4401));
    cleanUp.push(() => bridge.close());
    const ends: string[] = [];
    const terminal = createTerminalClient({ bridgeUrl: bridge.url, terminalKey: 'x', device, onEnd: ({ code }) => ends.push(code) });
    await expect(terminal.connect()).rejects.toMatchObject({ code: 'request.unauthenticated' });
    expect(ends).toEqual(['request.unauthenticated']);
  });
});

describe('configuration', () => {
  const network1 = testKey(20);
  const signed = (version: number, changes: Partial<PvsConfiguration> = {}, encoder = 'palm-compcode-1', key = network1): PvsConfiguration => {
    const body = { version, ...(changes.rollbackOf === undefined ? {} : { rollbackOf: changes.rollbackOf }), document: { encoder, sampleQualityMin: 100, heartbeatMs: 30_000 } };
    return { ...body, publicKey: key.publicKey, signature: key.sign('boop-pvs-configuration/1', canonicalJson(body)), ...changes };
  };

  test('is applied when signed and newer or a rollback, refused otherwise, and acknowledged either way', async () => {
    const { bridge, terminal } = await start();
    const offers = [signed(2), signed(1), signed(3, {}, 'palm-compcode-1', testKey(21)), signed(3, { version: 4 }), signed(3, {}, 'palm-compcode-9'), signed(1, { rollbackOf: 2 }), signed(3), signed(2, { rollbackOf: 2 }), signed(1, { rollbackOf: 2 }), signed(1, { rollbackOf: 5 })];
    offers.forEach((configuration, i) => bridge.connections[0]!.send({ type: 'configuration', epoch: 'e', offset: i + 1, configuration }));
    await until(() => bridge.received.length === 1 + offers.length);
    expect(bridge.received.slice(1).map(({ type, version, code }) => [type, version, code])).toEqual([
      ['configuration_applied', 2, undefined],
      ['configuration_rejected', 1, 'configuration.invalid'],
      ['configuration_rejected', 3, 'configuration.invalid'],
      ['configuration_rejected', 4, 'configuration.invalid'],
      ['configuration_rejected', 3, 'template.unknown-encoder'],
      ['configuration_applied', 1, undefined],
      ['configuration_applied', 3, undefined],
      // What was undone before this version came undoes nothing now; what reaches further does.
      ['configuration_rejected', 2, 'configuration.invalid'],
      ['configuration_rejected', 1, 'configuration.invalid'],
      ['configuration_applied', 1, undefined],
    ]);
    expect(terminal.configuration?.version).toBe(1);
    // Its quality minimum of 100 binds from now on, in place of the built-in one, which this capture passes.
    expect(encodePalm(decodeImage(darkCapture())).quality.score).toBeGreaterThanOrEqual(probeQualityMin);
    await expect(terminal.present(authenticationContext(), darkCapture())).rejects.toMatchObject({ code: 'capture.low-quality' });
  });
});

test('a capture is presented by REST in one request', async () => {
  const context = authenticationContext();
  const requests: { url: string; body: { split: SealedSplit } }[] = [];
  const view = { id: 'ctx_1', status: 'failed', type: 'access', nonce: 'n', sessionId: sessionIdOf(context), createdAt: 'now', expiresAt: 'later', link: 'https://gateway.test/a' };
  const fetchPort = (url: unknown, init: RequestInit = {}): Promise<Response> => {
    if (init.method === 'GET') return Promise.resolve(Response.json(network.info));
    requests.push({ url: String(url), body: JSON.parse(String(init.body)) as { split: SealedSplit } });
    return Promise.resolve(Response.json(view));
  };
  const authentication = { id: 'ctx_1', sessionId: sessionIdOf(context) };
  const answer = await presentByRest({ gatewayUrl: 'https://gateway.test', terminalKey: 'tk', device, authentication, capture: palmCapture(1, 0), ports: { fetch: fetchPort as typeof fetch } });
  expect([answer.status, requests[0]!.url]).toEqual(['failed', 'https://gateway.test/v1/authentications/ctx_1/probe']);
  checkSplit(splitFor(requests[0]!.body.split, 1), { networkId: 'test-net', epoch: 1, party: 1, nodes: 5, purpose: 'authentication', sessionId: sessionIdOf(context) });
});

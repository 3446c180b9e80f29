import { afterEach, describe, expect, test } from '@jest/globals';
import { type VendorClientMessage, type VendorServerMessage, vendorServerMessage } from '@boop/protocol';
import { type BoopError } from '@boop/shared';
import { freePort } from '@boop/testing';
import { type ReceivedMessage, type ScriptedBridge, type ScriptedConnection, startScriptedBridge, until } from '../fixtures/scripted-bridge.ts';
import { systemPorts } from '../ports.ts';
import { ChannelClient, type ChannelOptions } from './channel-client.ts';
import { channelUrl } from './connection.ts';

type Client = ChannelClient<VendorClientMessage, VendorServerMessage>;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function bridgeOf(script: (message: ReceivedMessage, connection: ScriptedConnection) => void, options?: { mute: boolean }): Promise<ScriptedBridge> {
  const bridge = await startScriptedBridge(script, options);
  cleanUp.push(() => bridge.close());
  return bridge;
}

function connect(bridge: { url: string }, options: Partial<ChannelOptions<VendorClientMessage, VendorServerMessage>> = {}): Client {
  const channel: Client = new ChannelClient<VendorClientMessage, VendorServerMessage>(
    {
      url: channelUrl(bridge.url, 'vendor'),
      schema: vendorServerMessage,
      hello: (resume) => ({ type: 'vendor_hello', apiKey: 'key', ...(resume ? { resume } : {}) }),
      welcomeType: 'vendor_hello_response',
      ...options,
    },
    systemPorts(),
  );
  cleanUp.push(() => channel.close());
  return channel;
}

const welcome = (message: ReceivedMessage, changes: object = {}) => ({ type: 'vendor_hello_response', re: message.id, epoch: 'e', offset: 10, recovered: true, heartbeatMs: 30_000, ...changes });
const expired = (offset: number, contextId = `ctx_${offset}`) => ({ type: 'context_expired', epoch: 'e', offset, contextId });
const cancelled = (contextId: string) => (message: VendorServerMessage) => (message.type === 'context_cancelled' && message.contextId === contextId ? contextId : undefined);
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'resolved', (error: BoopError) => error.code);

describe('a channel', () => {
  test('says hello first and delivers events once, across a broken connection', async () => {
    const bridge = await bridgeOf((message, connection) => {
      if (connection.index === 0) {
        connection.send(welcome(message));
        connection.send(expired(11));
        connection.send(expired(12));
        connection.drop();
      } else {
        connection.send(welcome(message, { offset: 14 }));
        for (const offset of [12, 13, 14]) connection.send(expired(offset));
      }
    });
    const seen: number[] = [];
    connect(bridge, { onMessage: (message) => message.type === 'context_expired' && seen.push(message.offset) });
    await until(() => seen.length >= 4);
    expect(seen).toEqual([11, 12, 13, 14]);
    expect(bridge.received.map(({ type, resume }) => ({ type, resume }))).toEqual([
      { type: 'vendor_hello', resume: undefined },
      { type: 'vendor_hello', resume: { epoch: 'e', offset: 12 } },
    ]);
    expect(bridge.connections[0]!.path).toBe('/ws/vendor');
  });

  test('tells when events were lost', async () => {
    const bridge = await bridgeOf((message, connection) => {
      connection.send(welcome(message, connection.index === 0 ? {} : { epoch: 'new', offset: 0, recovered: false }));
      if (connection.index === 0) connection.drop();
    });
    const losses: boolean[] = [];
    connect(bridge, { onWelcome: (_, lost) => losses.push(lost) });
    await until(() => losses.length === 2);
    expect(losses).toEqual([false, true]);
  });

  test('repeats what was not answered, under the same id, and takes a conflict for the sign that it had arrived', async () => {
    const bridge = await bridgeOf((message, connection) => {
      if (message.type === 'vendor_hello') return connection.send(welcome(message));
      if (connection.index === 0) return connection.drop();
      connection.send({ type: 'error', re: message.id, code: 'request.conflict', message: 'again?', retryAllowed: false });
      connection.send({ type: 'context_cancelled', epoch: 'e', offset: 11, contextId: 'ctx_1' });
    });
    const channel = connect(bridge);
    await channel.ready();
    expect(await channel.request({ type: 'cancel_context', contextId: 'ctx_1' }, cancelled('ctx_1'))).toBe('ctx_1');
    const sent = bridge.received.filter(({ type }) => type === 'cancel_context');
    expect(sent).toHaveLength(2);
    expect(sent[0]!.id).toBe(sent[1]!.id);
  });

  test('an error in answer to a request rejects it with the server\'s code, the first time also a conflict', async () => {
    const bridge = await bridgeOf((message, connection) =>
      connection.send(message.type === 'vendor_hello' ? welcome(message) : { type: 'error', re: message.id, code: 'request.conflict', message: 'no', retryAllowed: true }),
    );
    const channel = connect(bridge);
    const refused = channel.request({ type: 'cancel_context', contextId: 'ctx_1' }, cancelled('ctx_1'));
    await expect(refused).rejects.toMatchObject({ code: 'request.conflict', kind: 'rejected', retryAllowed: true });
  });

  test.each(['gateway.unavailable', 'service.unavailable'])('sends again, under the same id, what met %s, and tells so when that goes on', async (code) => {
    let unreached = 2;
    const bridge = await bridgeOf((message, connection) => {
      if (message.type === 'vendor_hello') return connection.send(welcome(message));
      if (unreached-- > 0) return connection.send({ type: 'error', re: message.id, code, message: 'not reachable', retryAllowed: true });
      connection.send({ type: 'context_cancelled', epoch: 'e', offset: 11, contextId: 'ctx_1' });
    });
    const channel = connect(bridge, { failuresMax: 2 });
    expect(await channel.request({ type: 'cancel_context', contextId: 'ctx_1' }, cancelled('ctx_1'))).toBe('ctx_1');
    const sent = bridge.received.filter(({ type }) => type === 'cancel_context');
    expect([sent.length, new Set(sent.map(({ id }) => id)).size]).toEqual([3, 1]);
    unreached = Infinity;
    const refused = channel.request({ type: 'cancel_context', contextId: 'ctx_2' }, cancelled('ctx_2'));
    await expect(refused).rejects.toMatchObject({ code, kind: 'unavailable', retryAllowed: true });
    expect(bridge.received.filter(({ contextId }) => contextId === 'ctx_2')).toHaveLength(3);
  });

  test.each([
    [1007, 'request.malformed'], [1009, 'request.too-large'], [4400, 'request.malformed'], [4401, 'request.unauthenticated'], [4403, 'request.forbidden'], [4409, 'request.conflict'],
    [4413, 'request.too-large'], [4440, 'connection.session-ended'],
  ])('close code %i ends it as %s, for waiting and later requests alike', async (closeCode, code) => {
    const bridge = await bridgeOf((_, connection) => connection.close(closeCode));
    const ends: string[] = [];
    const channel = connect(bridge, { onEnd: (error) => ends.push(error.code) });
    expect(await codeOf(channel.request({ type: 'cancel_context', contextId: 'x' }, cancelled('x')))).toBe(code);
    expect(await codeOf(channel.request({ type: 'cancel_context', contextId: 'x' }, cancelled('x')))).toBe(code);
    expect(await codeOf(channel.ready())).toBe(code);
    expect([ends, bridge.connections.length]).toEqual([[code], 1]);
  });

  test.each([1001, 4429, 4430, 4500])('close code %i makes it connect again', async (closeCode) => {
    const bridge = await bridgeOf((message, connection) => (connection.index === 0 ? connection.close(closeCode) : connection.send(welcome(message))));
    await connect(bridge).ready({ timeoutMs: 60_000 });
    expect(bridge.connections).toHaveLength(2);
  });

  test('ends with what the server said before it closed for good', async () => {
    const bridge = await bridgeOf((_, connection) => {
      connection.send({ type: 'error', code: 'consent.missing', message: 'no consent', retryAllowed: false });
      connection.close(4401);
    });
    await expect(connect(bridge).ready()).rejects.toMatchObject({ code: 'consent.missing', message: 'no consent' });
  });

  test('comes back when the server asks it to, after the time that it names', async () => {
    const bridge = await bridgeOf((message, connection) => {
      connection.send(welcome(message));
      if (connection.index > 0) return;
      connection.send({ type: 'reconnect', afterMs: 500 });
      connection.close(1001);
    });
    const startMs = Date.now();
    const channel = connect(bridge);
    await until(() => bridge.connections.length === 2 && channel.connected);
    // Without the server's word the first wait is shorter than 200 ms; timers may be a millisecond early.
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(499);
  });

  test('leaves a server that has fallen silent', async () => {
    const bridge = await bridgeOf((message, connection) => connection.send(welcome(message, { heartbeatMs: connection.index === 0 ? 20 : 30_000 })), { mute: true });
    connect(bridge);
    const hellos = (): readonly ReceivedMessage[] => bridge.received.filter(({ type }) => type === 'vendor_hello');
    await until(() => hellos().length === 2);
    expect(hellos()[1]).toMatchObject({ resume: { epoch: 'e', offset: 10 } });
  });

  test('stays with a server that answers pings', async () => {
    const bridge = await bridgeOf((message, connection) => connection.send(welcome(message, { heartbeatMs: 300 })));
    // A machine that stands still for so long makes any server look silent: one that stays is enough, however often that takes.
    let stayed = false;
    for (const deadlineMs = performance.now() + 80_000; !stayed && performance.now() < deadlineMs; ) {
      const channel = connect(bridge);
      await channel.ready();
      const before = bridge.connections.length;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      stayed = channel.connected && bridge.connections.length === before;
      channel.close();
    }
    expect(stayed).toBe(true);
  });

  test.each(['not json', '{"type":"pong","extra":1}', '{"type":"unknown"}', '[]'])('an undocumented message ends it: %s', async (text) => {
    const bridge = await bridgeOf((_, connection) => connection.sendText(text));
    expect(await codeOf(connect(bridge).ready())).toBe('response.malformed');
  });

  test('gives up where nobody listens', async () => {
    const url = `ws://127.0.0.1:${await freePort()}`;
    expect(await codeOf(connect({ url }, { failuresMax: 1 }).ready())).toBe('connection.lost');
  });

  test('a wait ends by its signal or its time, the channel goes on', async () => {
    const bridge = await bridgeOf((message, connection) => message.type === 'vendor_hello' && connection.send(welcome(message)));
    const channel = connect(bridge);
    await channel.ready();
    const controller = new AbortController();
    const waiting = channel.request({ type: 'cancel_context', contextId: 'x' }, cancelled('x'), { signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await expect(waiting).rejects.toThrow('changed my mind');
    expect(await codeOf(channel.request({ type: 'cancel_context', contextId: 'x' }, cancelled('x'), { timeoutMs: 20 }))).toBe('wait.timeout');
    expect(channel.connected).toBe(true);
  });

  test('a closed channel fails what waits', async () => {
    const bridge = await bridgeOf((message, connection) => message.type === 'vendor_hello' && connection.send(welcome(message)));
    const channel = connect(bridge);
    await channel.ready();
    const waiting = codeOf(channel.request({ type: 'cancel_context', contextId: 'x' }, cancelled('x')));
    channel.close();
    expect(await waiting).toBe('connection.closed');
  });
});

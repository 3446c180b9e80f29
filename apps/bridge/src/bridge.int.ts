import { once } from 'node:events';
import { type IncomingMessage } from 'node:http';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createDevCa, issueCertificate } from '@boop/platform';
import { adminServerMessage, closeCodes, pvsServerMessage, registrationServerMessage, vendorServerMessage } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { WebSocket } from 'ws';
import { TestBridge } from './testing/test-bridge.ts';
import { TestClient } from './testing/test-client.ts';

let b: TestBridge;
const open: TestClient[] = [];
beforeAll(async () => {
  b = await TestBridge.start({ helloTimeoutMs: 60_000, heartbeatMs: 60_000, messagesPerSecond: 50, messagesBurst: 40, connectionsPerIdentity: 4, unreadBytesMax: 200_000 });
}, 120_000);
afterAll(() => b.stop());
afterEach(() => open.splice(0).forEach(({ socket }) => socket.terminate()));

const keys = { vendor: 'sk_test', terminal: 'tk_test', admin: 'ak_test', auditor: 'rk_test' } as const;
const key = (role: keyof typeof keys): string => keys[role];
const context = {
  v: 1, kind: 'registration', networkId: 'test-net', registrationId: 'reg-1', positions: ['left-palm'], samplesPerPosition: 3, consentVersion: 'v1', operatingPoint: 'standard',
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA', issuedAt: 1, expiresAt: 901,
};
const hash = 'A'.repeat(43);
const network = {
  networkId: 'test-net', epoch: 1, nodes: 3, threshold: 1, testNetwork: true, issuer: 'http://127.0.0.1:1', encoder: 'palm-compcode-1', members: [], operatingPoints: [], defaultOperatingPoint: 'standard',
  groupKeys: [], log: { origin: 'x', verifierKey: 'y', url: 'http://127.0.0.1:1' }, jwksUrl: 'http://127.0.0.1:1/jwks', bridgeUrl: 'ws://127.0.0.1:1',
};
const session = { context, secret: 'secret-1', consentText: { version: 'v1', locale: 'en', title: 't', text: 'x' }, network, sampleQualityMin: 80 };

beforeEach(async () => {
  b.asked.length = 0;
  b.script = (method, body) => {
    if (method === 'credential.check') {
      const [role] = Object.entries(keys).find(([, known]) => known === body['key']) ?? [];
      if (role === undefined) throw new BoopError('request.unauthenticated', 'no');
      if (!(body['roles'] as string[]).includes(role)) throw new BoopError('request.forbidden', 'no');
      return { role, id: `${role}-1` };
    }
    if (method === 'network.info') return network;
    if (method === 'registration.start' || method === 'registration.resume') return session;
    if (method === 'registration.sample') return { accepted: true, remaining: 2 };
    return {};
  };
  await b.sql('TRUNCATE channel_events, channel_streams');
  for (const stream of ['vendor:vendor-1', 'pvs:terminal-1', 'admin', 'registration:reg-1']) await b.sql(`INSERT INTO channel_streams VALUES ($1, 'epoch-1', 0)`, [stream]);
});

function client(channel: string, options?: ConstructorParameters<typeof TestClient>[1], url = b.url): TestClient {
  const created = new TestClient(`${url}/ws/${channel}`, options);
  open.push(created);
  return created;
}
async function vendor(resume?: { epoch: string; offset: number }, options?: ConstructorParameters<typeof TestClient>[1]): Promise<TestClient> {
  const connected = client('vendor', options);
  await connected.send({ type: 'vendor_hello', id: 'h', apiKey: key('vendor'), ...(resume ? { resume } : {}) });
  await connected.next('vendor_hello_response');
  return connected;
}
/** Asks for a context until the gateway answers. */
async function untilReached(connected: TestClient): Promise<Record<string, unknown>> {
  const deadlineMs = Date.now() + 60_000;
  for (let id = 10; ; id++) {
    await connected.send({ type: 'create_context', id: `${id}`, context: { type: 'access' } });
    const answer = await connected.next(({ re }) => re === `${id}`);
    if (answer['code'] !== 'gateway.unavailable' || Date.now() > deadlineMs) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
/** A client's frame of less than 126 bytes, with a mask of zeroes (RFC 6455 section 5.2). */
const maskedFrame = (first: number, payload: Buffer): Buffer => Buffer.concat([Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
const expired = (contextId: string) => ({ type: 'context_expired', contextId });
const hello = { type: 'vendor_hello', apiKey: 'sk_test' };

describe('the vendor channel', () => {
  test.each(['boop.v1.json', 'boop.v1.cbor'])('answers, and delivers events in order, over %s', async (protocol) => {
    b.script = ((before) => (method: string, body: Record<string, unknown>) => (method === 'context.create' ? { id: 'ctx-1', made: 'by gateway' } : before(method, body)))(b.script);
    const connected = await vendor(undefined, { protocol });
    expect(connected.messages[0]).toEqual({ type: 'vendor_hello_response', re: 'h', epoch: 'epoch-1', offset: 0, recovered: false, heartbeatMs: 60_000 });
    await connected.send({ type: 'create_context', id: 'c', context: { type: 'access' } });
    expect(await connected.next('context_created')).toEqual({ type: 'context_created', re: 'c', authentication: { id: 'ctx-1', made: 'by gateway' } });
    expect(b.asked.at(-1)).toEqual({ method: 'context.create', body: { vendorId: 'vendor-1', request: { type: 'access' } } });
    await b.append('vendor:vendor-1', expired('a'), expired('b'));
    await connected.next(({ contextId }) => contextId === 'b');
    const events = connected.messages.filter(({ type }) => type === 'context_expired');
    expect(events.map(({ offset }) => offset)).toEqual([1, 2]);
    for (const event of events) vendorServerMessage.parse(event);
    await connected.send({ type: 'ping', id: 'p' });
    expect(await connected.next('pong')).toEqual({ type: 'pong', re: 'p' });
  });

  test('names the message that an event answers', async () => {
    const connected = await vendor();
    await connected.send({ type: 'cancel_context', id: 'x', contextId: 'a' });
    while (!b.asked.some(({ method }) => method === 'context.cancel')) await new Promise((resolve) => setTimeout(resolve, 5));
    await b.append('vendor:vendor-1', { type: 'context_cancelled', contextId: 'b' }, { type: 'context_cancelled', contextId: 'a' });
    expect(await connected.next(({ contextId }) => contextId === 'a')).toMatchObject({ re: 'x' });
    expect(await connected.next(({ contextId }) => contextId === 'b')).not.toHaveProperty('re');
  });

  test('tells the gateway’s refusals by code and nothing of other faults', async () => {
    const connected = await vendor();
    const script = b.script;
    b.script = (method, body) => {
      if (method === 'context.create') throw new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable' });
      if (method === 'context.cancel') throw new TypeError('hunter2');
      return script(method, body);
    };
    await connected.send({ type: 'create_context', id: '1', context: { type: 'access' } });
    await connected.send({ type: 'cancel_context', id: '2', contextId: 'a' });
    expect(await connected.next(({ re }) => re === '1')).toEqual({ type: 'error', re: '1', code: 'mpc.nodes-unavailable', message: 'too few nodes are up', retryAllowed: true });
    expect(await connected.next(({ re }) => re === '2')).toMatchObject({ type: 'error', code: 'service.internal' });
    expect(JSON.stringify(connected.messages)).not.toContain('hunter2');
  });

  test('says that the gateway is not reachable, and serves on when it is there again', async () => {
    const connected = await vendor();
    await b.stopGateway();
    await connected.send({ type: 'cancel_context', id: '1', contextId: 'a' });
    expect(await connected.next(({ re }) => re === '1')).toEqual({ type: 'error', re: '1', code: 'gateway.unavailable', message: 'the gateway is not reachable', retryAllowed: true });
    const late = client('vendor');
    await late.send({ ...hello, id: 'h' });
    expect(await late.next(({ re }) => re === 'h')).toMatchObject({ type: 'error', code: 'gateway.unavailable', retryAllowed: true });
    expect(await late.closed).toBe(4500);
    await b.startGateway();
    const script = b.script;
    b.script = (method, body) => (method === 'context.create' ? { id: 'ctx-1' } : script(method, body));
    const again = await untilReached(connected);
    expect(again).toMatchObject({ type: 'context_created', authentication: { id: 'ctx-1' } });
  }, 120_000);

  test('gives a client that comes back what it missed, or says that it can’t', async () => {
    await b.append('vendor:vendor-1', expired('a'), expired('b'), expired('c'));
    const back = await vendor({ epoch: 'epoch-1', offset: 1 });
    expect(back.messages[0]).toMatchObject({ recovered: true, offset: 1 });
    await back.next(({ contextId }) => contextId === 'c');
    expect(back.messages.slice(1).map(({ offset }) => offset)).toEqual([2, 3]);
    await b.sql('DELETE FROM channel_events WHERE event_offset <= 2');
    expect((await vendor({ epoch: 'epoch-1', offset: 1 })).messages[0]).toMatchObject({ recovered: false, offset: 3 });
    expect((await vendor({ epoch: 'epoch-0', offset: 1 })).messages[0]).toMatchObject({ recovered: false, offset: 3 });
  });
});

describe('the registration channel', () => {
  test('runs from hello to receipt, and ends', async () => {
    await b.append('registration:reg-1', { type: 'registration_progress', step: 'consent' });
    const person = client('registration');
    await person.send({ type: 'registration_hello', id: 'h', positions: ['left-palm'], locale: 'en' });
    registrationServerMessage.parse(await person.next('registration_hello_response'));
    expect(b.asked).toContainEqual({ method: 'registration.start', body: { positions: ['left-palm'], locale: 'en', address: '127.0.0.1' } });
    expect(await person.next('registration_progress')).toMatchObject({ step: 'consent', offset: 1 });
    await person.send({ type: 'sample_captured', id: 's', position: 'left-palm', index: 0, quality: { score: 90, reasons: [] } });
    while (!b.asked.some(({ method }) => method === 'registration.sample')) await new Promise((resolve) => setTimeout(resolve, 5));
    await b.append('registration:reg-1', { type: 'sample_accepted', position: 'left-palm', index: 0, remaining: 2 });
    expect(await person.next('sample_accepted')).toMatchObject({ re: 's' });
    const receipt = { registrationId: 'reg-1', registeredAt: 'now', positions: ['left-palm'], verified: true, logEntry: 'x', receipt: { entry: 'y', signatures: [] } };
    await b.append('registration:reg-1', { type: 'registration_succeeded', receipt });
    expect(await person.next('registration_succeeded')).toMatchObject({ receipt });
    expect(await person.closed).toBe(4440);
  });

  test.each([['registration.duplicate', true], ['registration.samples-disagree', false]])('%s ends it: %p', async (code, ends) => {
    const person = client('registration');
    await person.send({ type: 'registration_hello', session: { registrationId: 'reg-1', secret: 'secret-1' } });
    await person.next('registration_hello_response');
    await b.append('registration:reg-1', { type: 'registration_failed', code, message: 'm', retryAllowed: false });
    await person.next('registration_failed');
    if (ends) return expect(await person.closed).toBe(4440);
    await person.send({ type: 'ping' });
    await person.next('pong');
  });
});

describe('the terminal and admin channels', () => {
  test('a terminal that is new asks for what it must know; one that missed nothing does not', async () => {
    const script = b.script;
    b.script = async (method, body) => {
      const configuration = { version: 1, document: { encoder: 'palm-compcode-1', sampleQualityMin: 50, heartbeatMs: 30_000 }, publicKey: hash, signature: hash };
      if (method === 'terminal.hello') await b.append('pvs:terminal-1', { type: 'configuration', configuration });
      return script(method, body);
    };
    const terminal = client('pvs');
    await terminal.send({ type: 'pvs_hello', terminalKey: key('terminal'), encoder: 'palm-compcode-1' });
    pvsServerMessage.parse(await terminal.next('pvs_hello_response'));
    expect(await terminal.next('configuration')).toMatchObject({ offset: 1 });
    await terminal.send({ type: 'capture_failed', id: 'f', contextId: 'c', reason: 'quality' });
    await terminal.send({ type: 'configuration_applied', version: 1 });
    await b.heard('configuration.acknowledge');
    const again = client('pvs');
    await again.send({ type: 'pvs_hello', terminalKey: key('terminal'), encoder: 'palm-compcode-1', resume: { epoch: 'epoch-1', offset: 1 } });
    expect(await again.next('pvs_hello_response')).toMatchObject({ recovered: true });
    expect(b.asked.filter(({ method }) => method === 'terminal.hello')).toHaveLength(1);
    expect(b.asked).toContainEqual({ method: 'capture.failed', body: { terminalId: 'terminal-1', contextId: 'c', reason: 'quality' } });
    expect(b.asked).toContainEqual({ method: 'configuration.acknowledge', body: { terminalId: 'terminal-1', version: 1, applied: true } });
  });

  test('an administrator publishes settings and rolls them back, by the gateway', async () => {
    const document = { encoder: 'palm-compcode-1', sampleQualityMin: 60, heartbeatMs: 30_000 };
    const configuration = { version: 2, document, publicKey: hash, signature: hash };
    const script = b.script;
    b.script = (method, body) => {
      if (method === 'configuration.publish') return configuration;
      if (method === 'configuration.roll-back') throw new BoopError('request.conflict', 'another version is in force');
      return script(method, body);
    };
    const admin = client('admin');
    await admin.send({ type: 'admin_hello', apiKey: key('admin') });
    await admin.send({ type: 'publish_configuration', id: 'p', document });
    expect(await admin.next('configuration_published')).toEqual({ type: 'configuration_published', re: 'p', configuration });
    await admin.send({ type: 'roll_back_configuration', id: 'r', version: 1 });
    expect(await admin.next('error')).toMatchObject({ re: 'r', code: 'request.conflict' });
    expect(b.asked.slice(-2)).toEqual([{ method: 'configuration.publish', body: { adminId: 'admin-1', document } }, { method: 'configuration.roll-back', body: { adminId: 'admin-1', version: 1 } }]);
  });

  test('an administrator hears what it subscribed to, nothing before', async () => {
    const admin = client('admin');
    await admin.send({ type: 'admin_hello', apiKey: key('admin') });
    await admin.next('admin_hello_response');
    await b.append('admin', { type: 'event', at: 'x', event: 'registration', outcome: 'ok' });
    await admin.send({ type: 'subscribe', id: 's', topics: ['nodes'] });
    await admin.next('subscribed');
    await b.append('admin', { type: 'event', at: 'x', event: 'registration', outcome: 'ok' }, { type: 'nodes', nodes: [] });
    await admin.next('nodes');
    expect(admin.messages.map(({ type }) => type)).toEqual(['admin_hello_response', 'subscribed', 'nodes']);
  });

  test('an auditor hears who changed what, and changes nothing', async () => {
    const auditor = client('admin');
    await auditor.send({ type: 'admin_hello', apiKey: key('auditor') });
    await auditor.send({ type: 'subscribe', id: 's', topics: ['audit'] });
    await auditor.next('subscribed');
    const entry = { id: '7', at: '2026-01-01T00:00:00.000Z', requestId: 'r-1', role: 'admin', principal: 'root', action: 'POST /v1/vendors', status: 201 };
    await b.append('admin', { type: 'nodes', nodes: [] }, { type: 'audit', entry });
    expect(adminServerMessage.parse(await auditor.next('audit'))).toMatchObject({ entry });
    await auditor.send({ type: 'publish_configuration', id: 'p', document: { encoder: 'palm-compcode-1', sampleQualityMin: 60, heartbeatMs: 30_000 } });
    await auditor.send({ type: 'roll_back_configuration', id: 'r', version: 1 });
    for (const re of ['p', 'r']) expect(await auditor.next((message) => message.re === re)).toMatchObject({ type: 'error', code: 'request.forbidden' });
    expect(auditor.messages.some(({ type }) => type === 'nodes')).toBe(false);
    expect(b.asked.filter(({ method }) => method.startsWith('configuration.'))).toEqual([]);
  });
});

describe('close codes', () => {
  test.each<[number, string, (connected: TestClient) => Promise<void>]>([
    [4400, 'a frame that is no message', (c) => c.send('{"type":')],
    [4400, 'an unknown field', (c) => c.send({ ...hello, extra: 1 })],
    [4400, 'a message of another channel', (c) => c.send({ type: 'admin_hello', apiKey: 'x' })],
    [4400, 'a binary frame in JSON', (c) => c.send(new TextEncoder().encode(JSON.stringify(hello)))],
    [4401, 'an unknown key', (c) => c.send({ ...hello, apiKey: 'sk_other' })],
    [4403, 'a key of another role', (c) => c.send({ ...hello, apiKey: 'tk_test' })],
    [4409, 'a message before the hello', (c) => c.send({ type: 'create_context', context: { type: 'access' } })],
    [4409, 'a second hello', async (c) => { await c.send(hello); await c.send(hello); }],
    [4413, 'a frame over 1 MiB', (c) => c.send({ ...hello, apiKey: 'x'.repeat(1_100_000) })],
    // Faster than the rate for as long as it takes: a slow machine may take in a single burst at that rate.
    [4429, 'a flood', async (c) => { await c.send(hello); while (c.socket.readyState === WebSocket.OPEN) { for (let i = 0; i < 60; i++) await c.send({ type: 'ping' }); await nextTurn(); } }],
  ])('%i: %s', async (code, _, act) => {
    const connected = client('vendor');
    await act(connected);
    expect(await connected.closed).toBe(code);
  });

  test.each<[number, string, () => Buffer]>([
    [1002, 'a frame that RFC 6455 does not have', () => maskedFrame(0x83, Buffer.from('{}'))],
    [1002, 'a frame without a mask', () => Buffer.from([0x81, 2, 0x7b, 0x7d])],
    [1007, 'a text that is not UTF-8', () => maskedFrame(0x81, Buffer.from([0xc3, 0x28]))],
    [1009, 'a frame that announces 100 MB', () => Buffer.concat([Buffer.from([0x81, 0xff, 0, 0, 0, 0, 6, 0x40, 0, 0]), Buffer.alloc(4)])],
  ])('%i: %s, and a client that does not close is let go', async (code, _, frame) => {
    const other = await vendor();
    const ended = (): number => b.logged.filter((line) => line.startsWith('["disconnected"')).length;
    const before = ended();
    const socket = connect({ port: b.bridge.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
    const heard: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => heard.push(chunk));
    socket.write('GET /ws/vendor HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
    while (!Buffer.concat(heard).includes('\r\n\r\n')) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.write(frame());
    // Long before the library would give up waiting for the client's part.
    while (ended() === before) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    const answer = Buffer.concat(heard);
    // A close frame of two bytes of code (RFC 6455 section 5.5.1).
    expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).subarray(0, 4)).toEqual(Buffer.from([0x88, 2, code >> 8, code & 0xff]));
    expect(closeCodes).toHaveProperty(String(code));
    await other.send({ type: 'ping', id: 'p' });
    await other.next('pong');
  }, 20_000);

  test('4429: one more wrong key than an address has, unasked; who is there stays, and other addresses come in', async () => {
    const strict = await TestBridge.start({ helloTimeoutMs: 60_000, wrongKeysPerMinute: 2 }, { proxies: ['127.0.0.1'] });
    try {
      strict.script = b.script;
      await strict.append('vendor:vendor-1', expired('a'));
      const from = (address: string) => client('vendor', { headers: { 'x-forwarded-for': address } }, strict.url);
      const enter = async (address: string) => {
        const connected = from(address);
        await connected.send(hello);
        await connected.next('vendor_hello_response');
        return connected;
      };
      const there = await enter('203.0.113.1');
      const codes: number[] = [];
      for (const apiKey of ['sk_other', 'tk_test']) {
        const wrong = from('203.0.113.1');
        await wrong.send({ ...hello, apiKey });
        codes.push(await wrong.closed);
      }
      expect(codes).toEqual([4401, 4403]);
      const asked = strict.asked.length;
      const late = from('203.0.113.1');
      await late.send(hello);
      expect(await Promise.race([late.closed, late.next('vendor_hello_response')])).toBe(4429);
      expect(late.messages).toEqual([]);
      expect(strict.asked).toHaveLength(asked);
      await enter('203.0.113.2');
      await there.send({ type: 'ping', id: 'p' });
      await there.next('pong');
    } finally {
      await strict.stop();
    }
  }, 120_000);

  test('4408: silence, where others may take their time', async () => {
    const impatient = await b.another({ helloTimeoutMs: 400 });
    const patient = client('vendor');
    expect(await client('vendor', {}, b.urlOf(impatient)).closed).toBe(4408);
    await patient.send(hello);
    await patient.next('vendor_hello_response');
  });

  test('4401: a key that is revoked, after a while also where it is connected', async () => {
    const watchful = await b.another({ heartbeatMs: 400, credentialCheckMs: 500 });
    const others = { vendor: 'vendor_hello_response', pvs: 'pvs_hello_response', admin: 'admin_hello_response' } as const;
    const hellos = [hello, { type: 'pvs_hello', terminalKey: key('terminal'), encoder: 'palm-compcode-1' }, { type: 'admin_hello', apiKey: key('admin') }];
    const connected = Object.keys(others).map((channel) => client(channel, {}, b.urlOf(watchful)));
    for (const [at, one] of connected.entries()) {
      await one.send(hellos[at]!);
      await one.next(Object.values(others)[at]!);
    }
    const script = b.script;
    const checked = (): number => b.asked.filter(({ method }) => method === 'credential.check').length;
    // While the gateway can't tell, nobody is sent away.
    b.script = (method, body) => (method === 'credential.check' ? Promise.reject(new BoopError('service.unavailable', 'no')) : script(method, body));
    for (const before = checked(); checked() < before + 6; ) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(connected.map(({ socket }) => socket.readyState)).toEqual([WebSocket.OPEN, WebSocket.OPEN, WebSocket.OPEN]);
    b.script = (method, body) => (method === 'credential.check' ? Promise.reject(new BoopError('request.unauthenticated', 'no')) : script(method, body));
    expect(await Promise.all(connected.map(({ closed }) => closed))).toEqual([4401, 4401, 4401]);
  });

  test('4431: one connection too many of one identity, and the place is free when one leaves', async () => {
    const four = [await vendor(), await vendor(), await vendor(), await vendor()];
    const fifth = client('vendor');
    await fifth.send(hello);
    expect(await fifth.closed).toBe(4431);
    four[0]!.socket.close();
    await four[0]!.closed;
    // The bridge may hear of it later than the client.
    for (let welcomed = false; !welcomed; ) {
      const next = client('vendor');
      await next.send(hello);
      welcomed = await Promise.race([next.next('vendor_hello_response').then(() => true), next.closed.then(() => false)]);
    }
  });

  test('4430: a client that does not read is let go and harms nobody else', async () => {
    const slow = await vendor();
    const other = await vendor();
    slow.socket.pause();
    // More than the sockets' buffers hold; whoever reads has never more than one of them before it.
    for (let i = 0; i < 240; i++) {
      await b.append('vendor:vendor-1', { ...expired(`c-${i}`), filler: 'x'.repeat(100_000) });
      await other.next(({ contextId }) => contextId === `c-${i}`);
    }
    slow.socket.resume();
    expect([4430, 1006]).toContain(await slow.closed);
    expect(b.logged.join('\n')).toMatch(/"code":(4430|1006)/);
  }, 240_000);

  test('a page of another origin gets no socket, and neither does an unknown path', async () => {
    expect(await client('vendor', { origin: 'https://evil.example' }).closed).toBe(1006);
    expect(await client('nothing').closed).toBe(1006);
    const page = client('vendor', { origin: 'http://127.0.0.1:40400' });
    await page.send(hello);
    await page.next('vendor_hello_response');
  });
});

test('no log line holds a key or a secret', () => {
  const text = b.logged.join('\n');
  expect(text).toContain('vendor/vendor-1');
  expect(text).not.toMatch(/sk_test|tk_test|ak_test|rk_test|secret-1/);
});

test('by TLS 1.3 and nothing older, where a certificate is configured; one connection too many is told when to come again', async () => {
  const secured = await TestBridge.start({ helloTimeoutMs: 60_000, connectionsMax: 1, handshakesMax: 1 }, { tls: true });
  const ca = readFileSync(secured.caFile);
  try {
    secured.script = b.script;
    await secured.append('vendor:vendor-1', expired('a'));
    const connect = (maxVersion: 'TLSv1.2' | 'TLSv1.3') => new WebSocket(`${secured.url}/ws/vendor`, { ca, maxVersion });
    let established: WebSocket | undefined;
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = (established = connect('TLSv1.3')).on('error', reject).on('message', (data: Buffer) => resolve(data.toString()));
      socket.on('open', () => socket.send(JSON.stringify(hello)));
    });
    expect(JSON.parse(answer)).toMatchObject({ type: 'vendor_hello_response', offset: 1 });
    let lost = false;
    established!.once('close', () => (lost = true));
    await expect(new Promise((resolve, reject) => connect('TLSv1.2').on('open', resolve).on('error', reject))).rejects.toThrow(/protocol version/i);
    const refused = await new Promise<IncomingMessage>((resolve) => connect('TLSv1.3').on('error', () => undefined).on('unexpected-response', (_, response) => resolve(response)));
    expect([refused.statusCode, Number(refused.headers['retry-after'])]).toEqual([503, expect.any(Number)]);
    refused.destroy();
    // It is no handshake any more, which others that come could push out.
    established!.ping();
    await new Promise((resolve) => established!.once('pong', resolve));
    expect(lost).toBe(false);
  } finally {
    await secured.stop();
  }
}, 120_000);

test('clients that come see the renewed certificate of the public port, and those that are there stay', async () => {
  const secured = await TestBridge.start({ helloTimeoutMs: 60_000 }, { tls: true });
  const dir = dirname(secured.caFile);
  try {
    secured.script = b.script;
    await secured.append('vendor:vendor-1', expired('a'));
    const before = readFileSync(secured.caFile);
    const opened = (ca: string | Buffer) =>
      new Promise<WebSocket | undefined>((resolve) => {
        const socket = new WebSocket(`${secured.url}/ws/vendor`, { ca }).on('open', () => resolve(socket)).on('error', () => resolve(undefined));
      });
    const early = (await opened(before))!;
    const { cert, key, ca } = await issueCertificate(await createDevCa(join(dir, 'next')), { commonName: 'bridge', uri: 'boop://test-net/bridge/public', ips: ['127.0.0.1'] });
    expect(await opened(ca)).toBeUndefined();
    writeFileSync(join(dir, 'bridge-1.key'), key, { mode: 0o600 });
    writeFileSync(join(dir, 'bridge-1.crt'), cert);
    let late: WebSocket | undefined;
    while (!late) late = await opened(ca);
    expect(await opened(before)).toBeUndefined();
    early.send(JSON.stringify(hello));
    const [data] = (await once(early, 'message')) as [Buffer];
    expect(JSON.parse(data.toString())).toMatchObject({ type: 'vendor_hello_response' });
  } finally {
    await secured.stop();
  }
}, 120_000);

test('a key of the public port that others may read keeps the bridge from starting', async () => {
  const careless = await TestBridge.withoutBridge({}, { tls: true });
  chmodSync(join(dirname(careless.caFile), 'bridge-1.key'), 0o644);
  try {
    await expect(careless.another()).rejects.toMatchObject({ code: 'config.secret-exposed' });
  } finally {
    await careless.stop();
  }
}, 120_000);

test('handshakes that never end keep nobody out: the oldest of too many goes', async () => {
  const crowded = await b.another({ handshakesMax: 20 });
  const silent = Array.from({ length: 200 }, (_, i) => connect(crowded.port, '127.0.0.1', function (this: Socket) { this.write(i % 2 ? '' : 'GET /ws/vendor HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n'); }).on('error', () => undefined));
  let gone = 0;
  for (const socket of silent) socket.once('close', () => (gone += 1));
  try {
    while (gone < 180) await new Promise((resolve) => setTimeout(resolve, 10));
    const welcome = client('vendor', {}, b.urlOf(crowded));
    await welcome.send(hello);
    await welcome.next('vendor_hello_response');
  } finally {
    silent.forEach((socket) => socket.destroy());
  }
});

test('connections that never say hello keep nobody out, and send away nobody who has', async () => {
  const crowded = await b.another({ connectionsMax: 20 });
  const known = client('vendor', {}, b.urlOf(crowded));
  await known.send(hello);
  await known.next('vendor_hello_response');
  const silent = Array.from({ length: 100 }, () => client('vendor', {}, b.urlOf(crowded)));
  let gone = 0;
  for (const one of silent) void one.closed.then(() => (gone += 1));
  while (gone < 81) await new Promise((resolve) => setTimeout(resolve, 10));
  const late = client('vendor', {}, b.urlOf(crowded));
  await late.send(hello);
  await late.next('vendor_hello_response');
  await known.send({ type: 'ping', id: 'p' });
  await known.next('pong');
});

test('shutting down tells clients to come back', async () => {
  const drained = await TestBridge.start({ helloTimeoutMs: 60_000 });
  try {
    drained.script = b.script;
    await drained.append('vendor:vendor-1', expired('a'));
    const connected = new TestClient(`${drained.url}/ws/vendor`);
    await connected.send(hello);
    await connected.next('vendor_hello_response');
    await drained.bridge.close();
    expect(await connected.next('reconnect')).toMatchObject({ afterMs: expect.any(Number) });
    expect(await connected.closed).toBe(1001);
  } finally {
    await drained.stop();
  }
}, 120_000);

import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { BoopError, equalBytes, utf8 } from '@boop/shared';
import { freePort } from '@boop/testing';
import { encode } from 'cborg';
import { eventually, TestNetwork } from '../testing/link-fixture.ts';
import { type PeerIdentity } from '../tls/peer-identity.ts';
import { type TlsMaterial } from '../tls/tls-material.ts';
import { encodeFrame, FRAME_KIND } from './frame.ts';
import { LinkClient, type LinkClientOptions } from './link-client.ts';
import { type Handlers } from './link-connection.ts';
import { LinkServer, type LinkServerOptions } from './link-server.ts';

const host = '127.0.0.1';
const nodeOne: PeerIdentity = { role: 'node', id: '1' };
const gateway: PeerIdentity = { role: 'gateway', id: 'main' };

let network: TestNetwork;
let stranger: TestNetwork;
let tls: { node: TlsMaterial; gateway: TlsMaterial; bridge: TlsMaterial };
const closing: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  network = await TestNetwork.create();
  stranger = await TestNetwork.create();
  tls = { node: await network.tlsFor(nodeOne), gateway: await network.tlsFor(gateway), bridge: await network.tlsFor({ role: 'bridge', id: 'main' }) };
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((part) => part.close()));
});
afterAll(() => {
  network.remove();
  stranger.remove();
});

const handlers: Handlers = {
  async request(peer, method, body) {
    if (method === 'echo') return { from: peer, body };
    if (method === 'refuse') throw new BoopError('share.malformed', 'a share has the wrong size', { kind: 'rejected' });
    if (method === 'later') throw new BoopError('pool.empty', 'no correlations left', { kind: 'unavailable' });
    if (method === 'bug') throw new TypeError('hunter2');
    if (method === 'hang') return await new Promise(() => undefined);
    if (method === 'large') return new Uint8Array(9 * 1024 * 1024);
    throw new BoopError('link.unknown-method', 'no such method');
  },
  session() {},
};

async function startServer(options: Partial<LinkServerOptions> = {}, port = 0): Promise<{ server: LinkServer; port: number }> {
  const server = new LinkServer({ tls: tls.node, networkId: network.networkId, authorize: (peer) => peer.role === 'gateway', handlers, ...options });
  closing.push(server);
  return { server, port: (await server.listen(port, host)).port };
}

function startClient(port: number, options: Partial<LinkClientOptions> = {}): LinkClient {
  const client = new LinkClient({ tls: tls.gateway, networkId: network.networkId, expect: nodeOne, host, port, ...options });
  closing.push(client);
  return client;
}

async function connected(port: number, options: Partial<LinkClientOptions> = {}): Promise<LinkClient> {
  const client = startClient(port, options);
  await client.waitConnected(30_000);
  return client;
}

/** A raw TLS client, to say what the link's own client never would. */
async function raw(port: number, options: ConnectionOptions = {}): Promise<{ socket: TLSSocket; closed: Promise<string> }> {
  const socket = connect({ host, port, ...tls.gateway, checkServerIdentity: () => undefined, ...options });
  let failure = 'closed';
  socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? 'error'));
  socket.resume();
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(failure)));
  await Promise.race([new Promise((resolve) => socket.once('secureConnect', resolve)), closed]);
  return { socket, closed };
}

const hello = encodeFrame(FRAME_KIND.hello, encode({ version: 1, bootId: new Uint8Array(16) }));

describe('requests', () => {
  test('carry bodies both ways and the identity of the certificate', async () => {
    const { port } = await startServer();
    const client = await connected(port);
    const body = { list: [1, -5, 'x'], bytes: utf8('abc'), nested: { flag: true, nothing: null } };
    expect(await client.request('echo', body, { timeoutMs: 30_000 })).toEqual({ from: gateway, body });
    const megabytes = new Uint8Array(4 * 1024 * 1024).fill(7);
    const large = (await client.request('echo', megabytes, { timeoutMs: 30_000 })) as { body: Uint8Array };
    expect(equalBytes(large.body, megabytes)).toBe(true);
  });

  test('go from the server to a connected client too', async () => {
    const { server, port } = await startServer();
    const client = await connected(port, { handlers });
    await eventually(() => server.peers().length === 1);
    expect(await server.request(gateway, 'echo', 1, { timeoutMs: 30_000 })).toEqual({ from: nodeOne, body: 1 });
    expect(client.peerBootId).toHaveLength(16);
    await expect(server.request({ role: 'ledger', id: 'main' }, 'echo', 1, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'link.unavailable' });
  });

  test.each([
    ['refuse', { code: 'share.malformed', kind: 'rejected', retryAllowed: false }],
    ['later', { code: 'pool.empty', kind: 'unavailable', retryAllowed: true }],
    ['nothing', { code: 'link.unknown-method' }],
    ['large', { code: 'link.frame-too-large' }],
  ])('that fail (%s) throw the error of the far side', async (method, error) => {
    const { port } = await startServer();
    await expect((await connected(port)).request(method, null, { timeoutMs: 30_000 })).rejects.toMatchObject(error);
  });

  test('that hit a bug of the far side tell nothing of it', async () => {
    const { port } = await startServer();
    const failure = (await connected(port)).request('bug', null, { timeoutMs: 30_000 });
    await expect(failure).rejects.toMatchObject({ code: 'link.internal', kind: 'peer' });
    await expect(failure).rejects.not.toThrow(/hunter2/);
  });

  test('end at their deadline, and the link lives on', async () => {
    const { port } = await startServer();
    const client = await connected(port);
    await expect(client.request('hang', null, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'link.timeout', kind: 'unavailable' });
    expect(await client.request('echo', 2, { timeoutMs: 30_000 })).toMatchObject({ body: 2 });
  });

  test('are bounded on both sides', async () => {
    const { port } = await startServer({ limits: { requestsServedMax: 1 } });
    const client = await connected(port, { limits: { requestsInFlightMax: 2 } });
    // All are looked at from the start: any of them may fail while another is waited for.
    await Promise.all([
      expect(client.request('hang', null, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'link.timeout' }),
      expect(client.request('echo', null, { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'link.busy', retryAllowed: true }),
      expect(client.request('echo', null, { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'link.busy' }),
    ]);
  });
});

describe('a link', () => {
  test('fails its requests at once when it dies, and comes back with another boot id', async () => {
    const first = await startServer({}, await freePort());
    const client = await connected(first.port);
    const boot = client.peerBootId!;
    const changes: string[] = [];
    client.on('up', () => changes.push('up')).on('down', () => changes.push('down'));
    const hanging = client.request('hang', null, { timeoutMs: 60_000 });
    await Promise.all([first.server.close(), expect(hanging).rejects.toMatchObject({ code: 'link.unavailable', kind: 'unavailable' })]);
    await expect(client.request('echo', null, { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'link.unavailable' });

    await startServer({}, first.port);
    await client.waitConnected(30_000);
    expect(client.peerBootId).not.toEqual(boot);
    expect(changes).toEqual(['down', 'up']);
    expect(await client.request('echo', 3, { timeoutMs: 30_000 })).toMatchObject({ body: 3 });
  });

  test('delivers session messages in order, and the sender may reuse its memory', async () => {
    const received: { peer: PeerIdentity; runId: Uint8Array; payload: Uint8Array }[] = [];
    const session: Handlers['session'] = (peer, runId, payload) => void received.push({ peer, runId, payload });
    const { port } = await startServer({ handlers: { ...handlers, session } });
    const client = await connected(port);
    const payload = new Uint8Array(2000);
    for (let i = 0; i < 100; i++) client.sendSession(new Uint8Array(16).fill(9), payload.fill(i));
    await eventually(() => received.length === 100);
    // Read late: what was handed over stays as it was.
    expect(received.map(({ peer, runId, payload }) => [peer.role, runId[15], payload.length, payload[1999]])).toEqual(Array.from({ length: 100 }, (_, i) => ['gateway', 9, 2000, i]));
  });

  test('sends borrowed memory as it is, in order with copied messages, and says when it is free', async () => {
    const received: string[] = [];
    const session: Handlers['session'] = (_peer, _runId, payload) => void received.push(`${payload.length}:${payload[0]}:${payload.at(-1)}`);
    const { port } = await startServer({ handlers: { ...handlers, session } });
    const client = await connected(port);
    const shared = new Uint8Array(new SharedArrayBuffer(700_000)).fill(1);
    let released = 0;
    client.sendSession(new Uint8Array(16), Uint8Array.of(5));
    client.sendSession(new Uint8Array(16), shared, () => {
      released += 1;
      shared.fill(2);
      client.sendSession(new Uint8Array(16), shared.subarray(0, 3), () => (released += 1));
    });
    client.sendSession(new Uint8Array(16), Uint8Array.of(6));
    expect(released).toBe(0);
    await eventually(() => received.length === 4);
    expect(received).toEqual(['1:5:5', '700000:1:1', '1:6:6', '3:2:2']);
    await eventually(() => released === 2);
    await client.close();
    client.sendSession(new Uint8Array(16), shared, () => (released += 1));
    await eventually(() => released === 3);
  });

  test('is replaced by a newer one of the same peer', async () => {
    const events: boolean[] = [];
    const { server, port } = await startServer({ onPeer: (_peer, up) => events.push(up) });
    const older = await connected(port);
    older.on('down', () => void older.close());
    await connected(port);
    await eventually(() => !older.connected && events.length === 3);
    expect(events).toEqual([true, false, true]);
    expect(server.peers()).toEqual([gateway]);
  });

  test('to a peer that stops reading closes instead of filling memory', async () => {
    const downs: boolean[] = [];
    const { server, port } = await startServer({ limits: { unsentBytesMax: 1024 * 1024 }, onPeer: (_peer, up) => downs.push(up) });
    const { socket, closed } = await raw(port);
    socket.write(hello);
    await eventually(() => server.peers().length === 1);
    socket.pause();
    for (let i = 0; i < 200 && server.peers().length === 1; i++) {
      server.sendSession(gateway, new Uint8Array(16), new Uint8Array(256 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => server.peers().length === 0);
    socket.resume();
    await closed;
    expect(downs).toEqual([true, false]);
  });

  test('to a silent peer closes, and pings keep a quiet one open', async () => {
    const limits = { pingIntervalMs: 50, silenceMaxMs: 600 };
    const { server, port } = await startServer({ limits });
    // A machine that stands still for so long cuts off whoever pings, too: one that stays is enough, however often that takes.
    let stayed = 0;
    for (const deadlineMs = performance.now() + 80_000; stayed === 0 && performance.now() < deadlineMs; ) {
      const quiet = await connected(port, { limits });
      let downs = 0;
      quiet.on('down', () => (downs += 1));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      if (downs === 0) stayed += 1;
      await quiet.close();
    }
    expect(stayed).toBe(1);
    const { socket, closed } = await raw(port);
    socket.write(hello);
    await closed;
    await eventually(() => server.peers().length === 0);
  });
});

describe('whoever is not who they should be stays out', () => {
  // In TLS 1.3 the client's handshake is over before the server judges its certificate; the alert may or may not be read.
  const closedByServer = /^(link\.unavailable|ECONNRESET|EPIPE|ERR_SSL_.*)$/;
  const refused = async (port: number, options: Partial<LinkClientOptions>, failure: RegExp): Promise<void> => {
    const client = startClient(port, options);
    await eventually(() => client.lastFailure !== undefined);
    expect(client.lastFailure).toMatch(failure);
    expect(client.connected).toBe(false);
  };

  test('a client of another authority', async () => {
    const { server, port } = await startServer();
    const foreign = await stranger.tlsFor(gateway);
    await refused(port, { tls: { ...foreign, ca: tls.gateway.ca } }, closedByServer);
    expect(server.peers()).toEqual([]);
  });

  test('a server of another authority', async () => {
    const { port } = await startServer({ tls: await stranger.tlsFor(nodeOne) });
    await refused(port, {}, /^(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|CERT_SIGNATURE_FAILURE)$/);
  });

  test('a client without a certificate', async () => {
    const { server, port } = await startServer();
    const { closed } = await raw(port, { cert: undefined, key: undefined });
    expect(await closed).toMatch(/^ERR_SSL|ECONNRESET/);
    expect(server.peers()).toEqual([]);
  });

  test('a role that has no business there', async () => {
    const { server, port } = await startServer();
    await refused(port, { tls: tls.bridge }, closedByServer);
    expect(server.peers()).toEqual([]);
  });

  test('a node that answers for another', async () => {
    const { port } = await startServer();
    await refused(port, { expect: { role: 'node', id: '2' } }, /^link.bad-identity$/);
  });

  test.each(['boop://other-net/gateway/main', 'boop://test-net/admin/main', 'https://test-net/gateway/main'])('a certificate that says %s', async (uri) => {
    const { server, port } = await startServer();
    await refused(port, { tls: await network.tlsForUri(uri) }, closedByServer);
    expect(server.peers()).toEqual([]);
  });

  test('TLS 1.2', async () => {
    const { port } = await startServer();
    const { closed } = await raw(port, { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' });
    expect(await closed).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  });
});

describe('a peer that breaks the framing is cut off', () => {
  const response = (message: unknown): Uint8Array => encodeFrame(FRAME_KIND.response, encode(message));
  test.each<[string, Uint8Array[]]>([
    ['an oversized frame', [hello, Uint8Array.of(0, 0x80, 0, 1)]],
    ['a request before the hello', [encodeFrame(FRAME_KIND.request, encode({ id: 0, method: 'echo', body: null }))]],
    ['a second hello', [hello, hello]],
    ['a hello of another version', [encodeFrame(FRAME_KIND.hello, encode({ version: 2, bootId: new Uint8Array(16) }))]],
    ['an unknown key', [hello, encodeFrame(FRAME_KIND.request, encode({ id: 0, method: 'echo', body: null, extra: 1 }))]],
    ['a method that is no name', [hello, encodeFrame(FRAME_KIND.request, encode({ id: 0, method: '__proto__', body: null }))]],
    ['an id beyond u32', [hello, encodeFrame(FRAME_KIND.request, encode({ id: 2 ** 32, method: 'echo', body: null }))]],
    ['an indefinite length', [hello, encodeFrame(FRAME_KIND.request, Uint8Array.of(0xbf, 0xff))]],
    ['a repeated key', [hello, encodeFrame(FRAME_KIND.request, Uint8Array.of(0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2))]],
    ['a tag', [hello, encodeFrame(FRAME_KIND.request, Uint8Array.of(0xc0, 0xa0))]],
    ['an answer of no form', [hello, response({ id: 0, ok: 'yes' })]],
    ['a deep nest', [hello, encodeFrame(FRAME_KIND.request, new Uint8Array(1024 * 1024).fill(0x81))]],
    ['a run id cut short', [hello, encodeFrame(FRAME_KIND.session, new Uint8Array(15))]],
  ])('%s', async (_name, frames) => {
    const { server, port } = await startServer();
    const { socket, closed } = await raw(port);
    for (const frame of frames) socket.write(frame);
    expect(await closed).toMatch(/closed|ECONNRESET|EPIPE/);
    await eventually(() => server.peers().length === 0);
  });

  test('an answer that nobody asked for is ignored', async () => {
    const { server, port } = await startServer();
    const { socket } = await raw(port);
    socket.write(hello);
    socket.write(response({ id: 5, ok: true, body: null }));
    await eventually(() => server.peers().length === 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.peers()).toEqual([gateway]);
  });

  test('silence after the handshake', async () => {
    const { port } = await startServer({ limits: { helloTimeoutMs: 50 } });
    const { closed } = await raw(port);
    expect(await closed).toMatch(/closed|ECONNRESET/);
  });
});

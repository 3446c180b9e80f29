import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, keys, TestGateway } from '../testing/test-gateway.ts';
import { securityHeaders } from './security-headers.ts';

const connectionsPerAddress = 400;
const bounds = { connections: { max: 1_000, perAddress: connectionsPerAddress }, concurrency: { probes: 2, money: 2, writes: 3, reads: 40 }, requestsPerMinute: 400 };
let g: TestGateway;
const sockets: Socket[] = [];
beforeAll(async () => {
  // Longer than this machine may be busy with something else: what is asked here is never late.
  g = await TestGateway.start({ config: { ...bounds, timeouts: { headersMs: 60_000, requestMs: 120_000 } } });
}, 120_000);
afterAll(async () => {
  sockets.forEach((socket) => socket.destroy());
  await g.stop();
});

interface Raw {
  text: string;
  closed: boolean;
}
function expectProblem({ text }: Raw, status: number, code: string): void {
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(text).toContain(`"code":"${code}"`);
  expect(text).toContain('application/problem+json');
}
function dial(send: string, to = g): Raw & { socket: Socket } {
  const socket = connect(to.gateway.httpPort, '127.0.0.1', () => socket.write(send));
  const raw = { text: '', closed: false, socket };
  sockets.push(socket);
  socket.on('data', (chunk: Buffer) => (raw.text += chunk.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (raw.closed = true));
  return raw;
}
const health = async (of = g) => (await of.call('GET', '/healthz')).status;

describe('what never becomes a request', () => {
  test.each<[string, string, number, string]>([
    ['headers of 100 KB', `GET /v1/network HTTP/1.1\r\nhost: x\r\nx-big: ${'a'.repeat(100_000)}\r\n\r\n`, 431, 'request.headers-too-large'],
    ['noise', 'not http at all\r\n\r\n', 400, 'request.malformed'],
  ])('%s', async (_name, send, status, code) => {
    const raw = dial(send);
    await eventually(() => raw.closed, 60_000);
    expectProblem(raw, status, code);
  }, 120_000);

  const json = `POST /v1/authentications HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${keys.shop}\r\ncontent-type: application/json\r\n`;
  // The provider reads its bodies itself, and tells of them in OAuth's words (RFC 6749 section 5.2).
  const form = `POST /oidc/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n`;
  const kinds: [string, string, number, string][] = [['/v1/authentications', json, 413, '"code":"request.too-large"'], ['/oidc/token', form, 400, '"error":"invalid_request"']];

  test.each(kinds)('a body of 100 MB for %s is refused by its announced length, before it is read', async (_path, head, status, code) => {
    const raw = dial(`${head}content-length: ${100 * 1024 * 1024}\r\n\r\n{`);
    await eventually(() => raw.text.includes(code), 60_000);
    expect(raw.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  }, 120_000);

  test.each(kinds)('a body of 100 MB for %s that announces no length is read no further than a little over the bound', async (_path, head, status) => {
    const raw = dial('');
    raw.socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    const chunk = Buffer.from(`100000\r\n${' '.repeat(0x100000)}\r\n`);
    let taken = 0;
    const send = (): unknown => raw.socket.write(chunk, (error) => void (error || (++taken < 100 && send())));
    send();
    await eventually(() => raw.closed || raw.text.includes('\r\n\r\n'), 60_000);
    // A client that is still sending when the connection goes may lose the answer (RFC 9112 section 9.6).
    expect(raw.text).toMatch(new RegExp(`^(?:HTTP/1\\.1 ${status} |$)`));
    for (let before = -1; before < taken; ) {
      before = taken;
      for (let asked = 0; asked < 20; asked++) expect(await health()).toBe(200);
    }
    // What the two sockets' buffers hold is taken by nobody.
    expect(taken).toBeLessThan(40);
  }, 120_000);

  test.each<[string, string, number, string]>([
    ['a parameter of 2,000 characters', `/v1/vendors/${'0'.repeat(2_000)}`, 404, 'request.not-found'],
    ['a NUL in a path', '/v1/vendors/a%00b', 400, 'request.malformed'],
    ['a path that is not percent-encoded', '/v1/vendors/%zz', 400, 'request.malformed'],
  ])('%s', async (_name, path, status, code) => {
    const answer = await g.call('GET', path, { key: keys.admin });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('a NUL in a text is refused, its escaped escape is not', async () => {
    const create = (name: string) => g.call('POST', '/v1/vendors', { key: keys.admin, body: { id: 'nul', name, sector: 'nul.example' } });
    expect(await create('a\u0000b')).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
    expect(await create('a\\u0000b')).toMatchObject({ status: 201, body: { name: 'a\\u0000b' } });
  });
});

describe('what takes too long', () => {
  let hasty: TestGateway;
  beforeAll(async () => {
    hasty = await TestGateway.start({ config: { ...bounds, timeouts: { headersMs: 1_000, requestMs: 3_000 } } });
  }, 120_000);
  afterAll(async () => {
    await hasty.stop();
  });

  test.each<[string, string]>([
    ['headers that never end', 'GET /v1/network HTTP/1.1\r\nhost: x\r\n'],
    ['a body that never ends', 'POST /v1/authentications HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"type"'],
  ])('%s', async (_name, send) => {
    const raw = dial(send, hasty);
    await eventually(() => raw.closed, 60_000);
    expectProblem(raw, 408, 'request.timeout');
  }, 120_000);

  test('a header byte a second holds a connection no longer than the headers may take', async () => {
    const raw = dial('GET /v1/network HTTP/1.1\r\n', hasty);
    const drip = setInterval(() => raw.socket.writable && raw.socket.write('x'), 100);
    try {
      await eventually(() => raw.closed, 60_000);
    } finally {
      clearInterval(drip);
    }
    expect(raw.text).toMatch(/^HTTP\/1\.1 408 /);
  }, 120_000);

  test('half-open connections are capped per address, let go in time, and health answers meanwhile', async () => {
    const silent = Array.from({ length: connectionsPerAddress + 200 }, () => dial('', hasty));
    await eventually(() => silent.filter(({ closed }) => closed).length >= 200, 60_000);
    await eventually(() => silent.every(({ closed }) => closed), 60_000);
    // Its own request may be late as well.
    await eventually(async () => (await health(hasty)) === 200);
  }, 120_000);
});

describe('more than there is room for', () => {
  test('is refused at once with its own wait; other classes and health go on', async () => {
    g.nodes.behaviour.delayMs = 0;
    const answers = await Promise.all(Array.from({ length: 40 }, () => g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access' } })));
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].sort()).toEqual([201, 503]);
    const refused = answers.find(({ status }) => status === 503)!;
    expect(refused).toMatchObject({ body: { code: 'service.overloaded', retryAllowed: true } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await g.call('GET', '/v1/network')).status).toBe(200);
    expect(await health()).toBe(200);
    expect((await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access' } })).status).toBe(201);
  }, 120_000);

  test('of bodies that never end keeps nobody out', async () => {
    const half = Array.from({ length: 60 }, () => dial('POST /v1/authentications HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"type"'));
    // Of 60 there is room for 47; the others go without an answer, before their time is over.
    await eventually(() => half.filter(({ closed, text }) => closed && text === '').length >= 13);
    expect((await g.call('POST', '/v1/authentications', { key: keys.shop, body: { type: 'access' } })).status).toBe(201);
    half.forEach(({ socket }) => socket.destroy());
  }, 120_000);

  test('of one key disturbs no other', async () => {
    const refused: Awaited<ReturnType<typeof g.call>>[] = [];
    for (let wave = 0; wave < 100 && refused.length < 50; wave++) {
      const answers = await Promise.all(Array.from({ length: 25 }, () => g.call('GET', '/v1/vendors/shop', { key: keys.shop })));
      refused.push(...answers.filter(({ status }) => status !== 200));
    }
    for (const { status, headers, body } of refused) {
      expect([status, body.code]).toEqual([429, 'request.rate-limited']);
      expect(headers.get('ratelimit-policy')).toBe('"requests";q=400;w=60');
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(refused.length).toBeGreaterThanOrEqual(50);
    const other = await g.call('GET', '/v1/vendors/other', { key: keys.other });
    expect(other.status).toBe(200);
    expect(other.headers.get('ratelimit')).toMatch(/^"requests";r=39\d;t=\d+$/);
  }, 120_000);
});

describe('an address behind a proxy', () => {
  /** How much a client that says that it comes from there has left of its quota. */
  const left = async (of: TestGateway, forwardedFor: string): Promise<number> => {
    const { headers } = await of.call('GET', '/v1/network', { headers: { 'x-forwarded-for': forwardedFor } });
    return Number(/r=(\d+)/.exec(headers.get('ratelimit')!)![1]);
  };

  test('is believed of a proxy that is trusted', async () => {
    const behind = await TestGateway.start({ config: { ...bounds, trustedProxies: ['127.0.0.0/8'] } });
    try {
      const first = await left(behind, '203.0.113.7');
      expect(await left(behind, '203.0.113.7')).toBeLessThan(first);
      expect(await left(behind, '203.0.113.8')).toBe(first);
      // What the client itself put before is not.
      expect(await left(behind, '203.0.113.9, 203.0.113.7')).toBeLessThan(first - 1);
    } finally {
      await behind.stop();
    }
  }, 120_000);

  test('is not believed of anybody else', async () => {
    const first = await left(g, '203.0.113.7');
    expect(await left(g, '203.0.113.8')).toBeLessThan(first);
  });
});

test('an unknown version of the interface is refused, the known one named', async () => {
  const answer = await g.call('GET', '/v1/network', { headers: { 'boop-version': '1999-01-01' } });
  expect(answer).toMatchObject({ status: 400, body: { code: 'request.unknown-version' } });
  expect((await g.call('GET', '/v1/network', { headers: { 'boop-version': answer.headers.get('boop-version')! } })).status).toBe(200);
});

test('a page of the console may call, with what the interface has of headers; a page of elsewhere may not', async () => {
  const preflight = (origin: string) => g.call('OPTIONS', '/v1/authentications', { headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,idempotency-key' } });
  const allowed = await preflight('http://127.0.0.1:40400');
  expect([allowed.status, allowed.headers.get('access-control-allow-origin'), allowed.headers.get('access-control-allow-credentials')]).toEqual([204, 'http://127.0.0.1:40400', null]);
  expect(allowed.headers.get('access-control-allow-headers')).toMatch(/authorization.*idempotency-key/);
  expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).not.toBe('https://evil.example');
  const answer = await g.call('GET', '/v1/network', { headers: { origin: 'http://127.0.0.1:40400' } });
  for (const name of ['etag', 'retry-after', 'ratelimit', 'boop-version', 'x-request-id']) expect(answer.headers.get('access-control-expose-headers')).toContain(name);
});

test.each(['/v1/network', '/v1/nothing', '/v1/vendors/%zz', '/openapi.json'])('%s has the security headers', async (path) => {
  const { headers } = await g.call('GET', path);
  for (const [name, value] of Object.entries(securityHeaders)) expect([name, headers.get(name)]).toEqual([name, value]);
});

test('the page of the document needs no script and allows none', async () => {
  const { status, headers, body } = await g.call('GET', '/docs');
  expect(status).toBe(200);
  expect(headers.get('content-type')).toMatch(/^text\/html/);
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+';/);
  expect(body).not.toMatch(/<script|onload=|https?:\/\/(?!boop\.network|127\.0\.0\.1|json-schema\.org|shop\.example)[a-z.]+\/\S*\.(?:js|css)/);
  expect(body).toContain('/v1/authentications');
});

import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ChaosProxy } from './chaos-proxy.ts';
import { seededRng } from './seeded-rng.ts';

let server: Server;
let proxy: ChaosProxy;
let client: Client;
/** Accepted connections of the target, newest last. */
let accepted: Socket[];

/** A connection that remembers what it was sent. */
class Client {
  received = '';
  readonly socket: Socket;
  readonly closed: Promise<string>;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let code = 'closed';
    this.socket.on('data', (chunk: Buffer) => (this.received += chunk.toString())).on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? 'error'));
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve(code)));
  }

  /** @returns milliseconds until the echo is complete */
  async echo(text: string): Promise<number> {
    const startedMs = performance.now();
    const expected = this.received.length + text.length;
    this.socket.write(text);
    await until(() => this.received.length >= expected);
    return performance.now() - startedMs;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 5))) if (Date.now() > deadline) throw new Error('nothing happened');
}

beforeEach(async () => {
  accepted = [];
  server = createServer({ noDelay: true }, (socket) => {
    accepted.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await ChaosProxy.start({ target: { host: '127.0.0.1', port: (server.address() as { port: number }).port }, rng: seededRng(1) });
  client = new Client(proxy.port);
});
afterEach(async () => {
  client.socket.destroy();
  await proxy.stop();
  for (const socket of accepted) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

describe('a chaos proxy', () => {
  test('lets everything through, in order, and both ends close', async () => {
    const long = Array.from({ length: 20_000 }, (_, at) => String(at)).join();
    proxy.set({ jitterMs: 3 });
    await client.echo(long);
    expect(client.received).toBe(long);
    client.socket.end();
    expect(await client.closed).toBe('closed');
    await until(() => proxy.connections === 0);
  });

  test('delays each way, and slows down', async () => {
    proxy.set({ delayMs: 60 });
    expect(await client.echo('a')).toBeGreaterThanOrEqual(119);
    proxy.set({ delayMs: 0, bytesPerSecond: 20_000 });
    expect(await client.echo('b'.repeat(2_000))).toBeGreaterThanOrEqual(99);
  });

  test.each(['to-target', 'from-target', 'both'] as const)('holds what goes %s until it heals', async (blocked) => {
    await client.echo('before');
    let reached = 0;
    accepted[0]!.on('data', (chunk: Buffer) => (reached += chunk.length));
    proxy.set({ blocked });
    client.socket.write('during');
    if (blocked === 'from-target') await until(() => reached === 6);
    // A connection that is opened later passes the same proxy, and gets as far.
    const later = new Client(proxy.port);
    later.socket.write('later');
    await until(() => accepted.length === 2);
    expect([client.received, later.received, reached]).toEqual(['before', '', blocked === 'from-target' ? 6 : 0]);
    proxy.heal();
    await until(() => client.received === 'beforeduring' && later.received === 'later');
    later.socket.destroy();
  });

  test('loses what is sent meanwhile, and resets the connection that lost it', async () => {
    await client.echo('before');
    proxy.set({ blocked: 'both', whileBlocked: 'drop' });
    client.socket.write('lost');
    const quiet = new Client(proxy.port);
    await until(() => accepted.length === 2);
    await until(() => proxy.bytesLost === 4);
    proxy.heal();
    expect(await client.closed).toBe('ECONNRESET');
    await quiet.echo('x');
    expect([client.received, quiet.received]).toEqual(['before', 'x']);
    quiet.socket.destroy();
  });

  test('resets what is open, and refuses what comes', async () => {
    await client.echo('before');
    proxy.reset();
    expect(await client.closed).toBe('ECONNRESET');
    proxy.set({ refuse: true });
    const refused = new Client(proxy.port);
    await refused.closed;
    expect(refused.received).toBe('');
    proxy.heal();
    client = new Client(proxy.port);
    await client.echo('again');
  });

  test('passes on that one side has ended and the other goes on', async () => {
    server.removeAllListeners('connection').on('connection', (socket: Socket) => {
      accepted.push(socket);
      socket.allowHalfOpen = true;
      socket.on('error', () => undefined).resume().once('end', () => socket.end('after the end'));
    });
    const other = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    other.on('data', (chunk: Buffer) => (text += chunk.toString()));
    other.end('all');
    await until(() => text === 'after the end');
    other.destroy();
  });
});

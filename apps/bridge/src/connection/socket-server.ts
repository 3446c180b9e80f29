import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { CertificateFiles, type Logger, type Readiness, type TrustedProxies } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { WebSocketServer } from 'ws';
import { type ChannelDefinition } from '../channels/channel.ts';
import { type Limits } from '../config.ts';
import { type FeedHub } from '../events/feed-hub.ts';
import { chooseSubprotocol, type Codec, codecOf, codecs } from './codec.ts';
import { Connection, type ConnectionContext } from './connection.ts';
import { boundHandshakes } from './handshakes.ts';
import { IdentityCaps } from './identity-caps.ts';
import { TimerWheel } from './timer-wheel.ts';
import { WriteBatch } from './write-batch.ts';
import { WrongKeys } from './wrong-keys.ts';

export interface SocketServerOptions {
  readonly host: string;
  readonly port: number;
  /** May be renewed meanwhile. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly channels: readonly ChannelDefinition[];
  readonly hub: FeedHub;
  readonly limits: Limits;
  readonly origins: readonly string[] | undefined;
  /** They say for whom they connect. */
  readonly proxies: TrustedProxies;
  readonly ready: () => Promise<Readiness>;
  readonly onConnection: (channel: string, change: 1 | -1, closeCode?: number) => void;
  readonly log: Logger;
}

export interface SocketServer {
  readonly port: number;
  /** Tells every client to come back later, then closes. */
  close(): Promise<void>;
}

/** Clients spread over this time when they come back. */
const reconnectSpreadMs = 2_000;
const drainTimeoutMs = 2_500;
/** Advice to clients for which there is no room. */
const retryAfterS = 5;

/** The public port: `/ws/<channel>`, `/healthz` and `/readyz`. @throws BoopError `http.port-taken` */
export async function startSocketServer(options: SocketServerOptions): Promise<SocketServer> {
  const { limits, log } = options;
  const connections = new Set<Connection>();
  /** Those that have not said a valid hello, the oldest first. */
  const strangers = new Set<Connection>();
  const shared = {
    hub: options.hub,
    caps: new IdentityCaps(limits.connectionsPerIdentity),
    wrongKeys: new WrongKeys(limits.wrongKeysPerMinute),
    limits,
    wheel: new TimerWheel(Math.min(250, Math.max(10, limits.helloTimeoutMs / 20))),
    batch: new WriteBatch(),
    log,
  };
  const contextsOf = (channel: ChannelDefinition): ((codec: Codec) => ConnectionContext) => {
    const onClosed = (connection: Connection, code: number): void => {
      connections.delete(connection);
      strangers.delete(connection);
      options.onConnection(channel.name, -1, code);
    };
    const onWelcome = (connection: Connection): void => void strangers.delete(connection);
    const contexts = new Map(codecs.map((codec) => [codec, { ...shared, channel, codec, onWelcome, onClosed }]));
    return (codec) => contexts.get(codec)!;
  };
  const byPath = new Map(options.channels.map((channel) => [`/ws/${channel.name}`, contextsOf(channel)]));
  let draining = false;
  // Frames a little over the limit are closed with our code; far larger ones by the library, unread, with 1009.
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4 * limits.frameBytesMax, perMessageDeflate: false, clientTracking: false, handleProtocols: chooseSubprotocol });

  const server = publicServer(options, (request, response) => {
    const reply = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
    const path = request.url?.split('?')[0];
    if (path === '/healthz') return reply(200, { status: 'ok' });
    if (path !== '/readyz') return reply(path && byPath.has(path) ? 426 : 404, { status: 'not-found' });
    options.ready().then(
      ({ ready, checks }) => reply(ready && !draining ? 200 : 503, { status: ready ? 'ready' : 'not-ready', checks }),
      () => reply(503, { status: 'not-ready' }),
    );
  });

  boundHandshakes(server, limits.handshakesMax);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const contextOf = byPath.get(request.url?.split('?')[0] ?? '');
    if (!contextOf) return refuse(socket, '404 Not Found');
    if (!originAllowed(request.headers.origin, options.origins)) return refuse(socket, '403 Forbidden');
    if (draining || (connections.size >= limits.connectionsMax && !sendAway(strangers))) return refuse(socket, '503 Service Unavailable', [`Retry-After: ${retryAfterS}`]);
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      const context = contextOf(codecOf(accepted.protocol));
      const connection = new Connection(accepted, socket, context, options.proxies.clientOf(request.socket.remoteAddress ?? '', [request.headers['x-forwarded-for'] ?? []].flat().join()));
      connections.add(connection);
      strangers.add(connection);
      options.onConnection(context.channel.name, 1);
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' ? new BoopError('http.port-taken', `port ${options.port} of ${options.host} is taken`, { kind: 'fatal' }) : error));
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      draining = true;
      let index = 0;
      for (const connection of connections) connection.drain(Math.round((reconnectSpreadMs * index++) / Math.max(1, connections.size)));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const deadline = Date.now() + drainTimeoutMs;
      while (connections.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Makes room for one more connection at the cost of the oldest that has not said a valid hello: a client says it at once, so that those who never do
 * keep nobody out, and whoever is known is not sent away for somebody who is not.
 */
function sendAway(strangers: Set<Connection>): boolean {
  const [oldest] = strangers;
  if (!oldest) return false;
  strangers.delete(oldest);
  oldest.terminate();
  return true;
}

function publicServer({ tls, log }: SocketServerOptions, listener: RequestListener): Server {
  const timeouts = { requestTimeout: 10_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000 };
  if (!tls) return createServer(timeouts, listener);
  const certificate = new CertificateFiles(tls, log);
  const server = createTlsServer({ ...timeouts, ...certificate.context }, listener);
  certificate.renew(server);
  return server;
}

/** Browsers always send an origin, and a page can't forge it; other clients authenticate by their key alone. */
export const originAllowed = (origin: string | undefined, allowed: readonly string[] | undefined): boolean =>
  origin === undefined || allowed === undefined || allowed.some((candidate) => new URL(candidate).origin === origin);

function refuse(socket: Duplex, status: string, headers: readonly string[] = []): void {
  socket.end([`HTTP/1.1 ${status}`, 'Connection: close', 'Content-Length: 0', ...headers, '', ''].join('\r\n'));
}

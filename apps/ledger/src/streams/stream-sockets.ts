import { type IncomingMessage, type Server } from 'node:http';
import { type Duplex } from 'node:stream';
import { type Logger } from '@boop/platform';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { type Announcements } from './announcements.ts';
import { type StreamName, type StreamSource, STREAMS } from './stream-source.ts';

export const STREAMS_PATH = '/v1/ledger/streams';

const CONNECTIONS_MAX = 256;
const MESSAGE_BYTES_MAX = 1_024;
const PAGE = 16;
/** A reader is pinged so often, and gone if it has not answered by the next time. */
const HEARTBEAT_MS = 20_000;
const CloseCode = { malformed: 4400, tooMany: 4429, goingAway: 1001, failed: 1011 } as const;

const subscribe = z.strictObject({ type: z.literal('subscribe'), stream: z.enum(STREAMS), after: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) });

/**
 * Streams over WebSocket: a client subscribes to streams, each from a position, with `{"type":"subscribe","stream":…,"after":…}`, and gets
 * `{"type":"item","stream":…,"position":…,…}` in order. The next page is read only when the one before was written to the socket, so a slow reader
 * costs one page of memory. After a reconnection it subscribes after the last position that it has.
 */
export class StreamSockets {
  readonly #source: StreamSource;
  readonly #announcements: Announcements;
  readonly #log: Logger;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES_MAX });
  readonly #closing = new AbortController();

  constructor(source: StreamSource, announcements: Announcements, log: Logger) {
    this.#source = source;
    this.#announcements = announcements;
    this.#log = log;
  }

  attach(http: Server): void {
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      if (request.url?.split('?')[0] !== STREAMS_PATH) return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
      this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client));
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const client of this.#server.clients) client.close(CloseCode.goingAway);
    setTimeout(() => this.#server.clients.forEach((client) => client.terminate()), 1_000).unref();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(client: WebSocket): void {
    client.on('error', () => client.terminate());
    if (this.#server.clients.size > CONNECTIONS_MAX) return client.close(CloseCode.tooMany);
    const subscribed = new Set<StreamName>();
    const ended = new AbortController();
    const stop = AbortSignal.any([ended.signal, this.#closing.signal]);
    const heartbeat = keepAlive(client);
    client.on('close', () => {
      clearInterval(heartbeat);
      ended.abort();
    });
    client.on('message', (data, isBinary) => {
      const request = isBinary ? undefined : parseSubscription(data.toString());
      if (!request || subscribed.has(request.stream)) return client.close(CloseCode.malformed);
      subscribed.add(request.stream);
      this.#pump(client, request.stream, request.after, stop).catch((error: unknown) => {
        this.#log.error('a stream broke off', { stream: request.stream, error });
        client.close(CloseCode.failed);
      });
    });
  }

  async #pump(client: WebSocket, stream: StreamName, from: number, stop: AbortSignal): Promise<void> {
    for (let after = from; !stop.aborted; ) {
      // Before the reading: what is announced meanwhile ends the waiting at once.
      const seen = this.#announcements.size;
      const items = await this.#source.read(stream, after, PAGE);
      for (const item of items) {
        await send(client, { type: 'item', stream, ...item });
        after = item.position;
      }
      if (items.length === 0) await this.#announcements.beyond(seen, HEARTBEAT_MS, stop);
    }
  }
}

function parseSubscription(text: string): z.infer<typeof subscribe> | undefined {
  try {
    return subscribe.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function keepAlive(client: WebSocket): NodeJS.Timeout {
  let answered = true;
  client.on('pong', () => (answered = true));
  return setInterval(() => {
    if (!answered) return client.terminate();
    answered = false;
    client.ping();
  }, HEARTBEAT_MS).unref();
}

/** Resolves when the bytes have left for the socket; a client that has gone takes none. */
const send = async (client: WebSocket, message: object): Promise<void> => await new Promise((resolve) => client.send(JSON.stringify(message), () => resolve()));

import { type TLSSocket } from 'node:tls';
import { BoopError, isBoopError } from '@boop/shared';
import { type Logger } from '../logging/logger.ts';
import { type PeerIdentity } from '../tls/peer-identity.ts';
import { encodeFrame, FRAME_KIND, type Frame, type FrameKind, FrameReader, frameStart } from './frame.ts';
import { LINK_LIMITS, type LinkLimits } from './limits.ts';
import {
  encodeMessage,
  errorResponse,
  internalErrorResponse,
  LINK_VERSION,
  parseHello,
  parseRequest,
  parseResponse,
  type RequestMessage,
  type ResponseMessage,
  RUN_ID_BYTES,
} from './messages.ts';
import { tracedCall, tracedService } from '../tracing/spans.ts';
import { PendingRequests } from './pending-requests.ts';

/** What a process does for its peers. Both directions of a link are served alike. */
export interface Handlers {
  /** Answers one request, or throws: a BoopError reaches the caller with its code, anything else as `link.internal`. */
  request(peer: PeerIdentity, method: string, body: unknown): Promise<unknown>;
  /** Takes one message of a protocol run. The payload may be kept. */
  session(peer: PeerIdentity, runId: Uint8Array, payload: Uint8Array): void;
}

/** Less is copied: one buffer costs less than two. */
const BORROWED_BYTES_MIN = 16 * 1024;

/** Of ES2024. */
type Transferable = ArrayBufferLike & { transfer(byteLength: number): ArrayBuffer };

/**
 * Frees a chunk of the stream that was copied out: left to the collector, such chunks are most of its work at high rates. Only memory
 * that the chunk has for itself, never a part of a pool.
 */
function releaseChunk(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (buffer.byteLength !== chunk.byteLength || buffer.byteLength === Buffer.poolSize) return;
  (buffer as Transferable).transfer(0);
}

export interface LinkContext {
  /** 16 random bytes per process start. */
  readonly bootId: Uint8Array;
  readonly handlers: Handlers;
  readonly log: Logger;
  readonly limits?: Partial<LinkLimits> | undefined;
}

/**
 * One authenticated TLS connection that speaks frames: hello first, then requests, responses and session messages in both
 * directions. It counts as up once the peer's hello has come, because in TLS 1.3 a client learns of a refused certificate only then.
 */
export class LinkConnection {
  readonly peer: PeerIdentity;
  readonly #socket: TLSSocket;
  readonly #context: LinkContext;
  readonly #limits: LinkLimits;
  readonly #reader = new FrameReader();
  readonly #pending: PendingRequests;
  readonly #timers: NodeJS.Timeout[] = [];
  #onUp: () => void;
  #peerBootId: Uint8Array | undefined;
  #serving = 0;
  #corked = false;
  #receivedAtMs = performance.now();
  #reason: BoopError | undefined;

  constructor(socket: TLSSocket, peer: PeerIdentity, context: LinkContext, events: { up: () => void; closed: (reason: BoopError) => void }) {
    this.peer = peer;
    this.#socket = socket;
    this.#context = context;
    this.#limits = { ...LINK_LIMITS, ...context.limits };
    this.#pending = new PendingRequests(this.#limits.requestsInFlightMax);
    this.#onUp = events.up;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) => this.destroy(unavailable(`the connection failed (${error.code ?? 'tls'})`)));
    socket.once('close', () => {
      for (const timer of this.#timers) clearTimeout(timer);
      this.#reason ??= unavailable('the peer closed the connection');
      this.#pending.rejectAll(this.#reason);
      events.closed(this.#reason);
    });
    this.#writeFrame(FRAME_KIND.hello, encodeMessage({ version: LINK_VERSION, bootId: context.bootId }));
    this.#timers.push(
      setTimeout(() => this.#peerBootId ?? this.destroy(unavailable('no hello in time')), this.#limits.helloTimeoutMs).unref(),
      setInterval(() => this.#keepAlive(), this.#limits.pingIntervalMs).unref(),
    );
  }

  /** The peer's boot id, once the link is up. */
  get peerBootId(): Uint8Array | undefined {
    return this.#peerBootId;
  }

  get up(): boolean {
    return this.#peerBootId !== undefined && this.#reason === undefined && !this.#socket.destroyed;
  }

  /** @throws BoopError `link.unavailable`, `link.timeout`, `link.busy`, `link.frame-too-large`, or the peer's own error */
  async request(method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown> {
    if (!this.up) throw unavailable('the peer is not connected');
    return await tracedCall(method, (traceparent) => {
      const { id, answer } = this.#pending.add(options.timeoutMs);
      try {
        this.#writeFrame(FRAME_KIND.request, encodeMessage({ id, method, body: body ?? null, traceparent }));
      } catch (error) {
        this.#pending.forget(id);
        throw error;
      }
      return answer;
    });
  }

  /**
   * At most once, in order; dropped when the link is down.
   * @param released with it the payload is not copied: its memory must stay as it is until this is called, once, sent or dropped
   */
  sendSession(runId: Uint8Array, payload: Uint8Array, released?: () => void): void {
    if (runId.length !== RUN_ID_BYTES) throw new BoopError('link.malformed', 'a run id has 16 bytes', { kind: 'fatal' });
    if (!this.up) return released && queueMicrotask(released);
    if (!released || payload.length < BORROWED_BYTES_MIN) {
      this.#write(encodeFrame(FRAME_KIND.session, runId, payload));
      return released && queueMicrotask(released);
    }
    this.#write(frameStart(FRAME_KIND.session, payload.length, [runId]));
    this.#write(payload, released);
  }

  /** Flushes what was written, then closes. */
  end(): void {
    this.#reason ??= unavailable('this side closed the connection');
    this.#socket.end();
    this.#timers.push(setTimeout(() => this.#socket.destroy(), this.#limits.closeTimeoutMs).unref());
  }

  destroy(reason: BoopError): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  #writeFrame(kind: FrameKind, ...parts: Uint8Array[]): void {
    this.#write(encodeFrame(kind, ...parts));
  }

  /** What is written in one turn of the event loop leaves together: fewer TLS records and system calls. */
  #write(bytes: Uint8Array, released?: () => void): void {
    if (this.#socket.destroyed) return released && queueMicrotask(released);
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes, released && (() => released()));
    if (this.#socket.writableLength > this.#limits.unsentBytesMax) {
      this.destroy(new BoopError('link.congested', 'the peer reads too slowly', { kind: 'unavailable' }));
    }
  }

  #receive(buffer: Buffer): void {
    // What still arrives may begin within a frame.
    if (this.#reason) return;
    this.#receivedAtMs = performance.now();
    // Not a Buffer, whose slice() is no copy.
    const chunk = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (this.#reason) return;
        this.#dispatch(frame);
      }
      releaseChunk(chunk);
    } catch (error) {
      const reason = isBoopError(error) ? error : new BoopError('link.malformed', 'a frame could not be handled', { kind: 'peer', cause: error });
      this.#context.log.warn('link closed after a bad frame', { peer: this.peer, error: reason });
      this.destroy(reason);
    }
  }

  #dispatch({ kind, body, owned }: Frame): void {
    if (kind === FRAME_KIND.hello) return this.#greet(body);
    if (this.#peerBootId === undefined) throw new BoopError('link.malformed', 'the first frame must be a hello', { kind: 'peer' });
    if (kind === FRAME_KIND.request) void this.#serve(parseRequest(body));
    else if (kind === FRAME_KIND.response) this.#pending.settle(parseResponse(body));
    else if (kind === FRAME_KIND.session) this.#deliver(body, owned);
  }

  #greet(body: Uint8Array): void {
    if (this.#peerBootId !== undefined) throw new BoopError('link.malformed', 'a second hello', { kind: 'peer' });
    this.#peerBootId = parseHello(body).bootId;
    this.#onUp();
  }

  #deliver(body: Uint8Array, owned: boolean): void {
    if (body.length < RUN_ID_BYTES) throw new BoopError('link.malformed', 'a session frame without a run id', { kind: 'peer' });
    try {
      this.#context.handlers.session(this.peer, body.slice(0, RUN_ID_BYTES), owned ? body.subarray(RUN_ID_BYTES) : body.slice(RUN_ID_BYTES));
    } catch (error) {
      this.#context.log.error('session handler failed', { peer: this.peer, error });
    }
  }

  async #serve(request: RequestMessage): Promise<void> {
    if (this.#serving >= this.#limits.requestsServedMax) {
      const busy = new BoopError('link.busy', 'too many requests in flight', { kind: 'unavailable' });
      return this.#respond(errorResponse(request.id, busy));
    }
    this.#serving += 1;
    try {
      const body = await tracedService(request.method, request.traceparent, () => this.#context.handlers.request(this.peer, request.method, request.body));
      this.#respond({ id: request.id, ok: true, body: body ?? null });
    } catch (error) {
      if (!isBoopError(error)) this.#context.log.error('request handler failed', { peer: this.peer, method: request.method, error });
      this.#respond(isBoopError(error) ? errorResponse(request.id, error) : internalErrorResponse(request.id));
    } finally {
      this.#serving -= 1;
    }
  }

  #respond(response: ResponseMessage): void {
    this.#writeFrame(FRAME_KIND.response, encodeMessage(response));
  }

  #keepAlive(): void {
    if (performance.now() - this.#receivedAtMs > this.#limits.silenceMaxMs) return this.destroy(unavailable('the peer fell silent'));
    this.#writeFrame(FRAME_KIND.ping);
  }
}

export const unavailable = (message: string): BoopError => new BoopError('link.unavailable', message, { kind: 'unavailable' });

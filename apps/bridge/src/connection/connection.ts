import { describeError, type Logger } from '@boop/platform';
import { closeCodes, type CloseCode } from '@boop/protocol';
import { type WebSocket } from 'ws';
import { type ChannelDefinition, type ChannelSession, type ClientMessage, type ServerMessage } from '../channels/channel.ts';
import { type Limits } from '../config.ts';
import { type StoredEvent } from '../events/event-reader.ts';
import { type FeedHub } from '../events/feed-hub.ts';
import { type Start } from '../events/stream-feed.ts';
import { type Codec } from './codec.ts';
import { errorMessage } from './error-message.ts';
import { type IdentityCaps } from './identity-caps.ts';
import { Outbox } from './outbox.ts';
import { TokenBucket } from './token-bucket.ts';

/** Messages that wait for the one before them. */
const waitingMax = 64;
const unansweredMax = 256;

export interface ConnectionContext {
  readonly channel: ChannelDefinition;
  readonly codec: Codec;
  readonly hub: FeedHub;
  readonly caps: IdentityCaps;
  readonly limits: Limits;
  readonly log: Logger;
  readonly onClosed: (code: number) => void;
}

/** One client: hello first, then its messages one after the other, and its stream's events in order. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #context: ConnectionContext;
  readonly #outbox: Outbox;
  readonly #rate: TokenBucket;
  readonly #helloTimer: NodeJS.Timeout;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #undo: (() => void)[] = [];
  /** Ids of messages by the key of the event that will answer them. */
  readonly #unanswered = new Map<string, string>();
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  #missedBeats = 0;
  #greeted = false;
  #session: ChannelSession<ClientMessage> | undefined;
  #closing = false;

  constructor(socket: WebSocket, context: ConnectionContext) {
    const { limits, codec } = context;
    this.#socket = socket;
    this.#context = context;
    this.#outbox = new Outbox(socket, { codec, unreadBytesMax: limits.unreadBytesMax, onSlow: () => this.close(4430) });
    this.#rate = new TokenBucket({ perSecond: limits.messagesPerSecond, capacity: limits.messagesBurst, nowMs: performance.now() });
    this.#helloTimer = setTimeout(() => this.close(4408), limits.helloTimeoutMs);
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs);
    socket.on('pong', () => (this.#missedBeats = 0));
    socket.on('message', (data: Buffer, binary: boolean) => this.#receive(data, binary));
    socket.on('error', (error) => context.log.debug('socket failed', { error: describeError(error) }));
    socket.once('close', (code: number) => this.#closed(code));
  }

  close(code: CloseCode): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#outbox.close(code, closeCodes[code].name);
  }

  /** The process shuts down: come back after a while, not all at once. */
  drain(afterMs: number): void {
    if (this.#closing) return;
    this.#outbox.send({ type: 'reconnect', afterMs });
    this.close(1001);
  }

  #receive(data: Buffer, binary: boolean): void {
    if (this.#closing) return;
    if (!this.#rate.take(performance.now())) return this.close(4429);
    if (data.length > this.#context.limits.frameBytesMax) return this.close(4413);
    const message = this.#parse(data, binary);
    if (!message) return this.close(4400);
    const isHello = message.type === this.#context.channel.helloType;
    if (isHello === this.#greeted) return this.close(4409);
    if (message.type === 'ping') return this.#answer(message, { type: 'pong' });
    this.#greeted = true;
    if (this.#waiting >= waitingMax) return this.close(4429);
    this.#waiting += 1;
    this.#queue = this.#queue.then(() => (isHello ? this.#greet(message) : this.#serve(message))).finally(() => (this.#waiting -= 1));
  }

  #parse(data: Buffer, binary: boolean): ClientMessage | undefined {
    const { codec, channel } = this.#context;
    if (binary !== codec.binary) return undefined;
    try {
      const parsed = channel.schema.safeParse(codec.decode(data));
      return parsed.success ? parsed.data : undefined;
    } catch {
      return undefined;
    }
  }

  async #greet(hello: ClientMessage): Promise<void> {
    const { channel, caps, hub, log } = this.#context;
    try {
      const session = await channel.hello(hello);
      if (this.#closing) return;
      const release = caps.take(session.identity);
      if (!release) return this.close(4431);
      this.#undo.push(release);
      clearTimeout(this.#helloTimer);
      this.#session = session;
      let started: Start | undefined;
      const leave = await hub.subscribe(session.stream, session.from, {
        start: (start) => {
          started = start;
          this.#answer(hello, { ...session.welcome, ...start, heartbeatMs: this.#context.limits.heartbeatMs });
        },
        event: (event, epoch) => this.#tell(session, event, epoch),
        reset: () => this.drain(0),
      });
      this.#undo.push(leave);
      if (this.#socket.readyState === this.#socket.CLOSED) return this.#release();
      log.info('connected', { channel: channel.name, identity: session.identity, recovered: started?.recovered });
      await session.started?.(started!);
    } catch (error) {
      this.#refuse(hello, error);
    }
  }

  /** A hello that fails is answered and closes the connection. */
  #refuse(hello: ClientMessage, error: unknown): void {
    const message = errorMessage(error);
    this.#answer(hello, message);
    if (message.code === 'request.unauthenticated') return this.close(4401);
    if (message.code === 'request.forbidden') return this.close(4403);
    this.#context.log.warn('hello failed', { channel: this.#context.channel.name, error: describeError(error) });
    this.close(4500);
  }

  async #serve(message: ClientMessage): Promise<void> {
    const session = this.#session;
    if (this.#closing || !session) return;
    const key = session.answerKey?.(message);
    if (key !== undefined && message.id !== undefined && this.#unanswered.size < unansweredMax) this.#unanswered.set(key, message.id);
    try {
      const answer = await session.handle(message);
      if (answer) this.#answer(message, answer);
      if (session.isOver?.(message)) this.close(4440);
    } catch (error) {
      if (key !== undefined) this.#unanswered.delete(key);
      this.#answer(message, errorMessage(error));
      this.#context.log.info('message refused', { channel: this.#context.channel.name, identity: session.identity, message: message.type, error: describeError(error) });
    }
  }

  #tell(session: ChannelSession<ClientMessage>, event: StoredEvent, epoch: string): void {
    if (this.#closing || session.wants?.(event.payload) === false) return;
    const { offset, payload } = event;
    const key = session.eventKey?.(payload);
    const re = key === undefined ? undefined : this.#unanswered.get(key);
    if (key !== undefined) this.#unanswered.delete(key);
    this.#outbox.send({ ...payload, ...(re === undefined ? {} : { re }), epoch, offset });
    if (session.isOver?.(payload)) this.close(4440);
  }

  #answer({ id }: ClientMessage, message: ServerMessage): void {
    this.#outbox.send(id === undefined ? message : { ...message, re: id });
  }

  #beat(): void {
    if (this.#missedBeats >= 2) return this.close(4423);
    this.#missedBeats += 1;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #closed(code: number): void {
    this.#closing = true;
    clearTimeout(this.#helloTimer);
    clearInterval(this.#heartbeat);
    this.#release();
    const { channel, log, onClosed } = this.#context;
    log.info('disconnected', { channel: channel.name, identity: this.#session?.identity, code });
    onClosed(code);
  }

  #release(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}

import { describeError, type Logger } from '@boop/platform';
import { closeCodes, type CloseCode } from '@boop/protocol';
import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { type ChannelDefinition, type ChannelSession, type ClientMessage, type ServerMessage } from '../channels/channel.ts';
import { type Limits } from '../config.ts';
import { type Broadcast } from '../events/broadcast.ts';
import { type FeedHub } from '../events/feed-hub.ts';
import { type Start } from '../events/stream-feed.ts';
import { type Codec } from './codec.ts';
import { errorMessage } from './error-message.ts';
import { frameOf } from './frame.ts';
import { type IdentityCaps } from './identity-caps.ts';
import { Outbox } from './outbox.ts';
import { type Timed, type TimerWheel } from './timer-wheel.ts';
import { TokenBucket } from './token-bucket.ts';
import { type WriteBatch } from './write-batch.ts';
import { type WrongKeys } from './wrong-keys.ts';

/** Messages that wait for the one before them. */
const waitingMax = 64;
const unansweredMax = 256;

/** A peer that doesn't read never sees our close frame. */
const closeTimeoutMs = 2_000;

/** What all connections of one channel and codec have in common. */
export interface ConnectionContext {
  readonly channel: ChannelDefinition;
  readonly codec: Codec;
  readonly hub: FeedHub;
  readonly caps: IdentityCaps;
  readonly wrongKeys: WrongKeys;
  readonly limits: Limits;
  readonly wheel: TimerWheel;
  readonly batch: WriteBatch;
  readonly log: Logger;
  /** A hello was accepted: it is known whose connection this is. */
  readonly onWelcome: (connection: Connection) => void;
  readonly onClosed: (connection: Connection, code: number) => void;
}

/** One client: hello first, then its messages one after the other, and its stream's events in order. */
export class Connection implements Timed {
  dueTick: number | undefined;
  readonly #socket: WebSocket;
  readonly #context: ConnectionContext;
  readonly #outbox: Outbox;
  readonly #address: string;
  readonly #rate: TokenBucket;
  /** Ids of messages by the key of the event that will answer them. */
  #unanswered: Map<string, string> | undefined;
  #undo: (() => void)[] = [];
  #queue: Promise<void> | undefined;
  #waiting = 0;
  #missedBeats = 0;
  #checkedMs = 0;
  #greeted = false;
  #session: ChannelSession<ClientMessage> | undefined;
  #closing = false;

  /**
   * @param wire the socket below `socket`
   * @param address of the client
   */
  constructor(socket: WebSocket, wire: Duplex, context: ConnectionContext, address: string) {
    const { limits, wheel } = context;
    this.#socket = socket;
    this.#address = address;
    this.#context = context;
    this.#outbox = new Outbox(socket, wire, context.batch);
    this.#rate = new TokenBucket({ perSecond: limits.messagesPerSecond, capacity: limits.messagesBurst, nowMs: performance.now() });
    wheel.set(this, limits.helloTimeoutMs);
    socket.on('pong', () => (this.#missedBeats = 0));
    socket.on('message', (data: Buffer, binary: boolean) => this.#receive(data, binary));
    socket.on('error', (error) => this.#failed(error));
    socket.once('close', (code: number) => this.#closed(code));
  }

  close(code: CloseCode): void {
    if (this.#closing) return;
    this.#endSoon();
    this.#socket.close(code, closeCodes[code].name);
  }

  /** Breaks the connection off, without waiting for the client. */
  terminate(): void {
    this.#closing = true;
    this.#socket.terminate();
  }

  /** The one thing that this connection waits for: the end of its closing, its hello, or the next heartbeat. */
  onTimer(): void {
    if (this.#closing) return this.#socket.terminate();
    if (!this.#session) return this.close(4408);
    this.#beat();
    if (!this.#closing) void this.#recheck(this.#session);
  }

  /** The process shuts down: come back after a while, not all at once. */
  drain(afterMs: number): void {
    if (this.#closing) return;
    this.#send({ type: 'reconnect', afterMs });
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
    const work = (this.#queue ?? Promise.resolve()).then(() => (isHello ? this.#greet(message) : this.#serve(message)));
    this.#queue = work.finally(() => {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#queue = undefined;
    });
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
    const { channel, caps, hub, log, limits, wheel, onWelcome } = this.#context;
    try {
      const session = await this.#enter(hello);
      if (this.#closing) return;
      if (!session) return this.close(4429);
      const release = caps.take(session.identity);
      if (!release) return this.close(4431);
      this.#undo.push(release);
      this.#session = session;
      // Those who came at once are not looked at at once.
      this.#checkedMs = performance.now() - Math.random() * limits.credentialCheckMs;
      onWelcome(this);
      wheel.set(this, limits.heartbeatMs);
      let started: Start | undefined;
      const leave = await hub.subscribe(session.stream, session.from, {
        start: (start) => {
          started = start;
          this.#answer(hello, { ...session.welcome, ...start, heartbeatMs: limits.heartbeatMs });
        },
        event: (event) => this.#tell(session, event),
        drained: () => this.#outbox.drained(limits.unreadBytesMax / 2),
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

  /** @returns undefined for one of an address that had too many wrong keys, unasked */
  async #enter(hello: ClientMessage): Promise<ChannelSession<ClientMessage> | undefined> {
    const { channel, wrongKeys } = this.#context;
    const ended = wrongKeys.begin(this.#address, performance.now());
    if (!ended) return undefined;
    try {
      const session = await channel.hello(hello, this.#address);
      ended(false);
      return session;
    } catch (error) {
      ended(isUnwanted(errorMessage(error).code));
      throw error;
    }
  }

  /** A hello that fails is answered and closes the connection. */
  #refuse(hello: ClientMessage, error: unknown): void {
    const message = errorMessage(error);
    this.#answer(hello, message);
    if (this.#closeUnwanted(message.code)) return;
    this.#context.log.warn('hello failed', { channel: this.#context.channel.name, error: describeError(error) });
    this.close(4500);
  }

  /** Ends a connection whose credential doesn't stand, or not any more. */
  #closeUnwanted(code: unknown): boolean {
    if (!isUnwanted(code)) return false;
    this.close(code === 'request.forbidden' ? 4403 : 4401);
    return true;
  }

  /** A gateway that can't tell right now is asked again with the next heartbeat. */
  async #recheck(session: ChannelSession<ClientMessage>): Promise<void> {
    const { limits } = this.#context;
    if (!session.recheck || performance.now() - this.#checkedMs < limits.credentialCheckMs) return;
    try {
      await session.recheck();
      this.#checkedMs = performance.now();
    } catch (error) {
      this.#closeUnwanted(errorMessage(error).code);
    }
  }

  async #serve(message: ClientMessage): Promise<void> {
    const session = this.#session;
    if (this.#closing || !session) return;
    const key = session.answerKey?.(message);
    if (key !== undefined && message.id !== undefined && (this.#unanswered?.size ?? 0) < unansweredMax) (this.#unanswered ??= new Map()).set(key, message.id);
    try {
      const answer = await session.handle(message);
      if (answer) this.#answer(message, answer);
      if (session.isOver?.(message)) this.close(4440);
    } catch (error) {
      if (key !== undefined) this.#unanswered?.delete(key);
      this.#answer(message, errorMessage(error));
      this.#context.log.info('message refused', { channel: this.#context.channel.name, identity: session.identity, message: message.type, error: describeError(error) });
    }
  }

  #tell(session: ChannelSession<ClientMessage>, event: Broadcast): void {
    if (this.#closing || session.wants?.(event.payload) === false) return;
    const re = this.#unanswered && this.#answered(this.#unanswered, session.eventKey?.(event.payload));
    if (re === undefined) this.#sendFrame(event.frame(this.#context.codec));
    else this.#send(event.message(re));
    if (session.isOver?.(event.payload)) this.close(4440);
  }

  #answered(unanswered: Map<string, string>, key: string | undefined): string | undefined {
    if (key === undefined) return undefined;
    const id = unanswered.get(key);
    unanswered.delete(key);
    return id;
  }

  #answer({ id }: ClientMessage, message: ServerMessage): void {
    this.#send(id === undefined ? message : { ...message, re: id });
  }

  #send(message: object): void {
    this.#sendFrame(frameOf(message, this.#context.codec));
  }

  #sendFrame(frame: Buffer): void {
    this.#outbox.sendFrame(frame);
    if (this.#outbox.unreadBytes > this.#context.limits.unreadBytesMax) this.close(4430);
  }

  #beat(): void {
    if (this.#missedBeats >= 2) return this.close(4423);
    this.#missedBeats += 1;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
    this.#context.wheel.set(this, this.#context.limits.heartbeatMs);
  }

  /** The library closes after a frame that it can't read (1002, 1007, 1009), and would wait long for the client's own close. */
  #failed(error: Error): void {
    this.#context.log.debug('socket failed', { error: describeError(error) });
    if (!this.#closing) this.#endSoon();
  }

  #endSoon(): void {
    this.#closing = true;
    this.#context.wheel.set(this, closeTimeoutMs);
  }

  #closed(code: number): void {
    this.#closing = true;
    const { channel, log, wheel, onClosed } = this.#context;
    wheel.clear(this);
    this.#release();
    log.info('disconnected', { channel: channel.name, identity: this.#session?.identity, code });
    onClosed(this, code);
  }

  #release(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}

/** Codes of a credential that doesn't stand. */
const isUnwanted = (code: unknown): boolean => code === 'request.unauthenticated' || code === 'request.forbidden';

import { type BoopError, toBase64Url } from '@boop/shared';
import { type z } from 'zod';
import { closeError, connectionLost, sdkError, serverFault } from '../errors.ts';
import { type SdkPorts } from '../ports.ts';
import { bounded, delay } from '../waiting.ts';
import { backoffMs, reconnectBackoff } from './backoff.ts';
import { Connection, subprotocol } from './connection.ts';
import { type Message, PendingRequests } from './pending-requests.ts';
import { createStreamPosition, type Position } from './stream-position.ts';

type Welcome = Message & Position & { readonly recovered: boolean; readonly heartbeatMs: number };

export interface ChannelOptions<Client extends Message, Server extends Message> {
  readonly url: string;
  readonly schema: z.ZodType<Server>;
  /** The first message of each connection; `resume` and the last welcome are undefined at first. */
  readonly hello: (resume: Position | undefined) => Client;
  /** Type of the hello response. */
  readonly welcomeType: Server['type'];
  readonly onMessage?: (message: Server) => void;
  /** After each welcome; `lost`: events since the last connection can't be recovered. */
  readonly onWelcome?: (welcome: Server, lost: boolean) => void;
  /** Once, when the channel is over for good. */
  readonly onEnd?: (error: BoopError) => void;
  /** Connections in a row that may fail before the channel gives up, and failures to reach the gateway before a request does; Infinity for a terminal that stands there. */
  readonly failuresMax?: number;
}

interface RequestOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const failuresMaxDefault = 6;
/** What was asked reached nobody who could answer, or met a database that was away. */
const awayCodes: ReadonlySet<string> = new Set(['gateway.unavailable', 'service.unavailable']);

/**
 * A channel of the bridge that survives its connections: reconnects with backoff, resumes the event stream by
 * {epoch, offset}, drops repeats, repeats what was not answered. Connects at once.
 */
export class ChannelClient<Client extends Message, Server extends Message> {
  readonly #options: ChannelOptions<Client, Server>;
  readonly #ports: SdkPorts;
  readonly #position = createStreamPosition();
  readonly #pending = new PendingRequests();
  readonly #stop = new AbortController();
  #connection: Connection | undefined;
  #welcomed = false;
  #end: BoopError | undefined;
  #lastFault: BoopError | undefined;
  #reconnectAfterMs: number | undefined;
  #ready: Promise<Server>;
  #readyResolve!: (welcome: Server) => void;
  #readyReject!: (error: BoopError) => void;

  constructor(options: ChannelOptions<Client, Server>, ports: SdkPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#ready = this.#newReady();
    void this.#keepConnected();
  }

  /** Whether a welcomed connection is up. */
  get connected(): boolean {
    return this.#welcomed && !this.#end;
  }

  /** Resolves to the hello response of the present connection, or of the next one. @throws BoopError when the channel has ended */
  ready(options: RequestOptions = {}): Promise<Server> {
    return bounded(this.#ready, options);
  }

  /**
   * Sends a message and waits for what answers it, also across reconnections (it is then sent again) and while the bridge can't reach the gateway
   * or that its database (`gateway.unavailable`, `service.unavailable`; sent again `failuresMax` times).
   * @param answer see {@link PendingRequests.add}
   * @throws BoopError the server's `error` in answer to it, `wait.timeout`, or what ended the channel
   */
  async request<T>(message: Client, answer: (received: Server) => T | undefined, options: RequestOptions = {}): Promise<T> {
    if (this.#end) throw this.#end;
    const identified = { ...message, id: this.#newId() };
    const answered = this.#pending.add(identified, answer as (received: Message) => T | undefined);
    answered.catch(() => undefined);
    if (this.#welcomed) {
      this.#pending.markSent(identified.id);
      this.#connection!.send(identified);
    }
    try {
      return await bounded(answered, options);
    } finally {
      this.#pending.drop(identified.id);
    }
  }

  /** Sends a message that nothing answers; dropped while there is no connection. */
  tell(message: Client): void {
    if (this.#welcomed) this.#connection!.send({ ...message, id: this.#newId() });
  }

  /** Says hello anew, for what only its answer tells; `ready` then waits for that. What is not answered is sent again. */
  reconnect(): void {
    if (!this.#welcomed) return;
    this.#reconnectAfterMs = 0;
    this.#ready = this.#newReady();
    this.#welcomed = false;
    this.#connection!.renew();
  }

  close(): void {
    this.#finish(sdkError('connection.closed'));
  }

  async #keepConnected(): Promise<void> {
    const failuresMax = this.#options.failuresMax ?? failuresMaxDefault;
    for (let failures = 0; !this.#end; ) {
      const code = await this.#connectOnce();
      if (this.#end) return;
      failures = this.#welcomed ? 1 : failures + 1;
      if (this.#welcomed) this.#ready = this.#newReady();
      this.#welcomed = false;
      const final = closeError(code);
      if (final) return this.#finish(this.#lastFault ?? final);
      if (failures > failuresMax) return this.#finish(connectionLost(this.#lastFault));
      const waitMs = this.#reconnectAfterMs ?? backoffMs(failures - 1, reconnectBackoff, this.#ports.rng);
      this.#reconnectAfterMs = undefined;
      await delay(waitMs, this.#stop.signal).catch(() => undefined);
    }
  }

  /** @returns the close code */
  #connectOnce(): Promise<number> {
    return new Promise((resolve) => {
      try {
        const connection = new Connection(this.#ports.openSocket(this.#options.url, subprotocol), {
          open: () => connection.send({ ...this.#options.hello(this.#position.current), id: this.#newId() }),
          message: (data) => this.#receive(data),
          closed: resolve,
        });
        this.#connection = connection;
      } catch (error) {
        this.#finish(connectionLost(error));
        resolve(1006);
      }
    });
  }

  #receive(data: unknown): void {
    const message = this.#parse(data);
    if (!message) return this.#finish(sdkError('response.malformed', { kind: 'peer' }));
    if (message.type === this.#options.welcomeType) return this.#takeWelcome(message as Server & Welcome);
    if (isEvent(message) && !this.#position.accept(message)) return;
    if (message.type === 'reconnect') this.#reconnectAfterMs = (message as unknown as { afterMs: number }).afterMs;
    if (message.type === 'error') this.#takeError(message as unknown as Parameters<PendingRequests['fail']>[0]);
    this.#pending.take(message);
    this.#options.onMessage?.(message);
  }

  #takeWelcome(welcome: Server & Welcome): void {
    const lost = this.#position.welcome(welcome);
    this.#welcomed = true;
    this.#lastFault = undefined;
    this.#connection!.welcomed(welcome.heartbeatMs, () => this.#newId());
    this.#readyResolve(welcome);
    this.#options.onWelcome?.(welcome, lost);
    for (const message of this.#pending.unanswered()) this.#connection!.send(message);
  }

  #takeError(error: Parameters<PendingRequests['fail']>[0]): void {
    if (!this.#welcomed) this.#lastFault = serverFault(error);
    const unreached = awayCodes.has(error.code) ? this.#pending.unreached(error.re, this.#options.failuresMax ?? failuresMaxDefault) : undefined;
    if (unreached === undefined) return this.#pending.fail(error);
    void this.#sendAgain(error.re!, unreached);
  }

  async #sendAgain(id: string, attempt: number): Promise<void> {
    await delay(backoffMs(attempt, reconnectBackoff, this.#ports.rng), this.#stop.signal).catch(() => undefined);
    // What waits for an answer is sent with the next welcome anyway.
    if (!this.connected) return;
    const message = this.#pending.markSent(id);
    if (message) this.#connection!.send(message);
  }

  #parse(data: unknown): Server | undefined {
    if (typeof data !== 'string') return undefined;
    try {
      const parsed = this.#options.schema.safeParse(JSON.parse(data));
      return parsed.success ? parsed.data : undefined;
    } catch {
      return undefined;
    }
  }

  #finish(error: BoopError): void {
    if (this.#end) return;
    this.#end = error;
    this.#stop.abort();
    this.#connection?.close();
    this.#pending.failAll(error);
    // A channel that ends while it was connected must also fail those that ask later.
    if (this.#welcomed) this.#ready = this.#newReady();
    this.#readyReject(error);
    this.#options.onEnd?.(error);
  }

  #newReady(): Promise<Server> {
    const ready = new Promise<Server>((resolve, reject) => {
      this.#readyResolve = resolve;
      this.#readyReject = reject;
    });
    ready.catch(() => undefined);
    return ready;
  }

  #newId(): string {
    return toBase64Url(this.#ports.rng.bytes(9));
  }
}

const isEvent = (message: Message): message is Message & Position => 'offset' in message && 'epoch' in message;

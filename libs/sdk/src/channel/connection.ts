import { type Channel } from '@boop/protocol';
import { type Socket } from '../ports.ts';
import { type Message } from './pending-requests.ts';

/** JSON; CBOR is for clients that have a codec anyway. */
export const subprotocol = 'boop.v1.json';
/** From opening the socket to the hello response. */
const welcomeTimeoutMs = 10_000;
/** Close code of a client that gives a silent server up; applications may use 4000…4999 (RFC 6455 section 7.4.2). */
const silentServer = 4000;

export const channelUrl = (bridgeUrl: string, channel: Channel): string => {
  const base = bridgeUrl.replace(/^http/, 'ws').replace(/\/+$/, '');
  return `${base}/ws/${channel}`;
};

export interface ConnectionEvents {
  open(): void;
  message(data: unknown): void;
  /** Once; 1006 when the connection broke or the server fell silent. */
  closed(code: number): void;
}

/** One socket with its heartbeat. Reports its end exactly once, at once, whatever the closing handshake still does. */
export class Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  #over = false;
  #heardSinceBeat = true;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  readonly #welcomeTimer: ReturnType<typeof setTimeout>;

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#welcomeTimer = setTimeout(() => this.#giveUp(), welcomeTimeoutMs);
    socket.addEventListener('open', () => !this.#over && events.open());
    socket.addEventListener('message', ({ data }) => {
      this.#heardSinceBeat = true;
      if (!this.#over) events.message(data);
    });
    socket.addEventListener('error', () => undefined);
    socket.addEventListener('close', ({ code }) => this.#end(code));
  }

  /** The server answered the hello: from now on a ping each `heartbeatMs`, and two silent beats end the connection. */
  welcomed(heartbeatMs: number, nextId: () => string): void {
    clearTimeout(this.#welcomeTimer);
    let silentBeats = 0;
    this.#heartbeat = setInterval(() => {
      silentBeats = this.#heardSinceBeat ? 0 : silentBeats + 1;
      this.#heardSinceBeat = false;
      if (silentBeats >= 2) this.#giveUp();
      else this.send({ type: 'ping', id: nextId() } as Message);
    }, heartbeatMs);
  }

  send(message: Message): void {
    if (this.#over) return;
    try {
      this.#socket.send(JSON.stringify(message));
    } catch {
      this.#end(1006);
    }
  }

  close(code = 1000): void {
    this.#over = true;
    this.#stopTimers();
    closeQuietly(this.#socket, code);
  }

  /** Closes as if the connection had been lost, so that another one is made. */
  renew(): void {
    closeQuietly(this.#socket, 1000);
    this.#end(1006);
  }

  #giveUp(): void {
    closeQuietly(this.#socket, silentServer);
    this.#end(1006);
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopTimers();
    this.#events.closed(code);
  }

  #stopTimers(): void {
    clearTimeout(this.#welcomeTimer);
    clearInterval(this.#heartbeat);
  }
}

/** A socket that is still connecting may throw on close. */
function closeQuietly(socket: Socket, code: number): void {
  try {
    socket.close(code);
  } catch {
    // It is gone already.
  }
}

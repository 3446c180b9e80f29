import { decode, encode } from 'cborg';
import { WebSocket } from 'ws';

export type Received = { type: string; [field: string]: any }; // eslint-disable-line @typescript-eslint/no-explicit-any

/** A client that keeps what it hears. */
export class TestClient {
  readonly socket: WebSocket;
  readonly messages: Received[] = [];
  readonly closed: Promise<number>;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, options: { protocol?: string; origin?: string; headers?: Record<string, string> } = {}) {
    this.socket = new WebSocket(url, options.protocol ?? [], { ...(options.origin === undefined ? {} : { origin: options.origin }), ...(options.headers ? { headers: options.headers } : {}) });
    this.socket.on('message', (data: Buffer, binary: boolean) => {
      this.messages.push((binary ? decode(data) : JSON.parse(data.toString())) as Received);
      for (const check of this.#waiting) check();
    });
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
  }

  async send(message: object | string | Uint8Array): Promise<void> {
    if (this.socket.readyState === WebSocket.CONNECTING) await new Promise((resolve) => this.socket.once('open', resolve));
    const raw = typeof message === 'string' || message instanceof Uint8Array;
    this.socket.send(raw ? message : this.socket.protocol === 'boop.v1.cbor' ? encode(message) : JSON.stringify(message));
  }

  /** The first message, also of the past, that fits. */
  async next(fits: string | ((message: Received) => boolean), timeoutMs = 60_000): Promise<Received> {
    const predicate = typeof fits === 'string' ? ({ type }: Received) => type === fits : fits;
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = this.messages.find(predicate);
        if (!found) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`no such message among ${this.messages.map(({ type }) => type).join(', ')}`));
      }, timeoutMs);
      timer.unref();
      this.#waiting.add(check);
      check();
    });
  }
}

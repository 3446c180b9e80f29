import { WebSocket } from 'ws';

export interface NumberedClientOptions {
  /** Where the next connection goes. */
  readonly url: () => string;
  readonly apiKey: string;
  readonly onProgress?: (received: number) => void;
}

/**
 * A client of one vendor's stream whose events are numbered by their offsets: connects, resumes, and keeps account of what it heard. `missed` are numbers
 * that it never got without being told, `told` counts the hello responses that said so.
 */
export class NumberedClient {
  readonly #options: NumberedClientOptions;
  #socket: WebSocket | undefined;
  #position: { epoch: string; offset: number } | undefined;
  #stopped = false;
  received = 0;
  missed = 0;
  wrong = 0;
  told = 0;
  connections = 0;

  constructor(options: NumberedClientOptions) {
    this.#options = options;
    this.#connect();
  }

  get last(): number {
    return this.#position?.offset ?? 0;
  }

  /** Cuts the connection without a word; the next one resumes. */
  kill(): void {
    this.#socket?.terminate();
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.terminate();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  #connect(): void {
    const socket = new WebSocket(`${this.#options.url()}/ws/vendor`, 'boop.v1.json', { perMessageDeflate: false });
    this.#socket = socket;
    socket.on('open', () => socket.send(JSON.stringify({ type: 'vendor_hello', apiKey: this.#options.apiKey, resume: this.#position ?? { epoch: 'epoch-1', offset: 0 } })));
    socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString()) as Record<string, unknown>));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (!this.#stopped) setTimeout(() => this.#connect(), 5);
    });
  }

  #take(message: Record<string, unknown>): void {
    const { type, epoch, offset } = message as { type: string; epoch: string; offset: number };
    if (type === 'vendor_hello_response') {
      this.connections += 1;
      if (message['recovered'] !== true || offset !== (this.#position?.offset ?? 0)) this.told += 1;
      this.#position = { epoch, offset };
    } else if (type === 'context_expired') {
      const from = this.#position!;
      if (epoch === from.epoch && offset <= from.offset) return;
      if (epoch !== from.epoch || offset !== from.offset + 1) this.missed += 1;
      if (message['contextId'] !== String(offset)) this.wrong += 1;
      this.#position = { epoch, offset };
      this.received += 1;
      this.#options.onProgress?.(this.received);
    }
  }
}

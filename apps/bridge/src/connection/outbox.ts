import { type closeCodes, type CloseCode } from '@boop/protocol';
import { type WebSocket } from 'ws';
import { type Codec } from './codec.ts';

export type Closing = { readonly code: CloseCode; readonly name: (typeof closeCodes)[CloseCode]['name'] };

/** A peer that doesn't read never sees our close frame. */
const closeTimeoutMs = 2_000;

/** The sending half of a connection: encodes, and gives up on a client that doesn't read. */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #codec: Codec;
  readonly #unreadBytesMax: number;
  readonly #onSlow: () => void;

  constructor(socket: WebSocket, options: { codec: Codec; unreadBytesMax: number; onSlow: () => void }) {
    this.#socket = socket;
    this.#codec = options.codec;
    this.#unreadBytesMax = options.unreadBytesMax;
    this.#onSlow = options.onSlow;
  }

  send(message: object): void {
    this.sendEncoded(this.#codec.encode(message));
  }

  sendEncoded(frame: string | Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(frame, { binary: this.#codec.binary });
    if (this.#socket.bufferedAmount > this.#unreadBytesMax) this.#onSlow();
  }

  close(code: CloseCode, name: string): void {
    this.#socket.close(code, name);
    const timer = setTimeout(() => this.#socket.terminate(), closeTimeoutMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }
}

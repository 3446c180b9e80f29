import { type Duplex } from 'node:stream';
import { type WebSocket } from 'ws';
import { type WriteBatch } from './write-batch.ts';

/** More than this isn't held back for the sake of fewer system calls. */
const heldBackBytesMax = 16 * 1024;

/** The sending half of a connection: frames, and tells when the client doesn't read. Writes past `ws` are whole frames, so they mix with its own. */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #wire: Duplex;
  readonly #batch: WriteBatch;

  /** @param wire the socket below `socket` */
  constructor(socket: WebSocket, wire: Duplex, batch: WriteBatch) {
    this.#socket = socket;
    this.#wire = wire;
    this.#batch = batch;
  }

  /** Bytes that the client has not taken. */
  get unreadBytes(): number {
    return this.#wire.writableLength;
  }

  sendFrame(frame: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#batch.add(this.#wire);
    this.#wire.write(frame);
    // What the network takes at once doesn't count as unread.
    if (this.#wire.writableLength > heldBackBytesMax) this.#batch.flush(this.#wire);
  }

  /** Resolves when there is room again, or nobody to read. */
  async drained(bytesMax: number): Promise<void> {
    const wire = this.#wire;
    if (wire.writableLength > bytesMax) this.#batch.flush(wire);
    if (wire.writableLength <= bytesMax || wire.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        wire.off('drain', done).off('close', done);
        resolve();
      };
      wire.on('drain', done).on('close', done);
    });
  }
}

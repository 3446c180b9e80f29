import { type Duplex } from 'node:stream';

/** Sockets that were written to in this turn of the event loop: each turns its frames into one system call at the turn's end. */
export class WriteBatch {
  #sockets = new Set<Duplex>();

  /** Holds back the socket's writes until the end of this turn. */
  add(socket: Duplex): void {
    if (this.#sockets.has(socket)) return;
    if (this.#sockets.size === 0) setImmediate(() => this.#flush());
    this.#sockets.add(socket);
    socket.cork();
  }

  /** Writes at once what one socket holds back. */
  flush(socket: Duplex): void {
    if (this.#sockets.delete(socket)) socket.uncork();
  }

  #flush(): void {
    const sockets = this.#sockets;
    this.#sockets = new Set();
    for (const socket of sockets) socket.uncork();
  }
}

// A link with a delay each way: bytes leave so many milliseconds after they came, in order.
import { connect, createServer } from 'node:net';

/** @returns the port to use instead of `target`, and what ends all proxies */
export class DelayProxies {
  #servers = [];
  #sockets = new Set();
  #delayMs;

  constructor(delayMs) {
    this.#delayMs = delayMs;
  }

  async to(target) {
    const server = createServer((inside) => {
      const outside = connect(target, '127.0.0.1');
      for (const socket of [inside, outside]) {
        socket.setNoDelay(true);
        socket.on('error', () => undefined);
        this.#sockets.add(socket);
      }
      this.#pipe(inside, outside);
      this.#pipe(outside, inside);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#servers.push(server);
    return server.address().port;
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
  }

  /** Timers of equal delay fire in the order in which they were set. */
  #pipe(from, to) {
    from.on('data', (chunk) => setTimeout(() => to.destroyed || to.write(chunk), this.#delayMs));
    from.on('close', () => setTimeout(() => to.destroy(), this.#delayMs + 5));
  }
}

import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, which could take a port between the look and its use. */
const range = { first: 20_000, count: 12_000 } as const;
let next = Math.floor(Math.random() * range.count);

/** A port of 127.0.0.1 that was free a moment ago; never the same twice in a row within one process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < range.count; tries++) {
    const port = range.first + (next++ % range.count);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

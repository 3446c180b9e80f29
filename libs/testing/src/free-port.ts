import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (from 32,768 or, in some sandboxes, from 16,000 on), which could take a port between the look
 * and its use; above 10,080, the last that browsers and fetch refuse. Each worker of Jest has a part of its own, since it looks at the same time as others.
 */
const range = { first: 10_240, count: 5_600 } as const;
const parts = 4;
const part = { first: range.first + ((Number(process.env['JEST_WORKER_ID'] ?? 1) - 1) % parts) * (range.count / parts), count: range.count / parts } as const;
let next = Math.floor(Math.random() * part.count);

/** A port of 127.0.0.1 that was free a moment ago; never the same twice in a row within one process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < part.count; tries++) {
    const port = part.first + (next++ % part.count);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

/** Several, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

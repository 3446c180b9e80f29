import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo } from 'node:net';
import { BoopError } from '@boop/shared';

export interface HttpListener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A plain HTTP server with short timeouts. @throws BoopError `http.port-taken` */
export async function listenHttp(address: { host: string; port: number }, listener: RequestListener): Promise<HttpListener> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 }, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new BoopError('http.port-taken', `port ${address.port} of ${address.host} is taken`, { kind: 'fatal' }) : error);
    });
    server.listen(address.port, address.host, resolve);
  });
  return {
    host: address.host,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

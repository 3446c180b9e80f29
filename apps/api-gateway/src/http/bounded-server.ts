import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { CertificateFiles, type Logger } from '@boop/platform';

/** How long a client may take. Milliseconds. */
export interface RequestTimeouts {
  /** For the headers, from the connection or the request before on. */
  readonly headersMs: number;
  /** For the whole request. */
  readonly requestMs: number;
}

export const timeoutDefaults: RequestTimeouts = { headersMs: 10_000, requestMs: 20_000 };
const headerBytesMax = 16 * 1024;
const keepAliveMs = 10_000;

/** Node's HTTP server with its bounds; TLS 1.3 where a certificate is configured, which may be renewed meanwhile. */
export function boundedServer(listener: RequestListener, timeouts: RequestTimeouts, tls: { certFile: string; keyFile: string } | undefined, log?: Logger): Server {
  const bounds = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: keepAliveMs,
    // Half-open connections are found within this time after theirs is over.
    connectionsCheckingInterval: Math.min(1_000, timeouts.headersMs),
  };
  if (!tls) return createServer(bounds, listener);
  const certificate = new CertificateFiles(tls, log);
  const server = createTlsServer({ ...bounds, ...certificate.context, handshakeTimeout: timeouts.headersMs }, listener);
  certificate.renew(server);
  return server;
}

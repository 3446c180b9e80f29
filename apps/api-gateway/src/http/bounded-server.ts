import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readSecretFile } from '@boop/platform';

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

/** Node's HTTP server with its bounds; TLS 1.3 where a certificate is configured. */
export function boundedServer(listener: RequestListener, timeouts: RequestTimeouts, tls: { certFile: string; keyFile: string } | undefined): Server {
  const bounds = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: keepAliveMs,
    // Half-open connections are found within this time after theirs is over.
    connectionsCheckingInterval: Math.min(1_000, timeouts.headersMs),
  };
  if (!tls) return createServer(bounds, listener);
  return createTlsServer({ ...bounds, cert: readFileSync(tls.certFile, 'utf8'), key: readSecretFile(tls.keyFile), minVersion: 'TLSv1.3', handshakeTimeout: timeouts.headersMs }, listener);
}

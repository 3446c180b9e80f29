import { readFile } from 'node:fs/promises';
import { type ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { type HttpListener, listenHttp } from '@boop/platform';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/**
 * Serves the pages of the console, `index.html` for every path without a file, and `/config.json` with the network's public addresses. The pages may
 * load and connect to nothing else.
 */
export async function startStaticServer(options: {
  readonly host: string;
  readonly port: number;
  readonly pages: string;
  readonly settings: unknown;
  readonly connectTo: readonly string[];
}): Promise<HttpListener> {
  const headers = {
    'content-security-policy':
      `default-src 'self'; connect-src 'self' ${options.connectTo.join(' ')}; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; ` +
      "script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  };
  return await listenHttp(options, (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, headers).end();
    const path = pathOf(request.url);
    if (path === undefined) return void response.writeHead(400, headers).end();
    if (path === '/healthz' || path === '/readyz') return sendJson(response, headers, { status: 'ok' });
    if (path === '/config.json') return sendJson(response, headers, options.settings);
    void sendFile(response, headers, options.pages, path);
  });
}

/** Decoded and normalised, so that it can't climb out of the folder; undefined when malformed. */
function pathOf(url = '/'): string | undefined {
  try {
    const path = normalize(decodeURIComponent(new URL(url, 'http://console').pathname));
    return path.includes('\0') || path.split(sep).includes('..') ? undefined : path;
  } catch {
    return undefined;
  }
}

async function sendFile(response: ServerResponse, headers: Readonly<Record<string, string>>, pages: string, path: string): Promise<void> {
  // Ids in the link of a context may hold a point.
  const isAsset = extname(path) !== '' && !path.startsWith('/authenticate/');
  try {
    const content = await readFile(join(pages, isAsset ? path : 'index.html'));
    const type = TYPES[isAsset ? extname(path) : '.html'] ?? 'application/octet-stream';
    // Names of assets hold their hash.
    const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
    response.writeHead(200, { ...headers, 'content-type': type, 'cache-control': caching }).end(content);
  } catch {
    response.writeHead(404, headers).end();
  }
}

function sendJson(response: ServerResponse, headers: Readonly<Record<string, string>>, body: unknown): void {
  response.writeHead(200, { ...headers, 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}

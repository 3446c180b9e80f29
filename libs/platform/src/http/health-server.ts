import { type ServerResponse } from 'node:http';
import { type HttpListener, listenHttp } from './http-listener.ts';

export interface Readiness {
  readonly ready: boolean;
  /** What was looked at, for people: `{database: true, peers: 3}`. */
  readonly checks?: Readonly<Record<string, boolean | number | string>>;
}

/** `GET /healthz` answers 200 as long as the process runs; `GET /readyz` answers 200 or 503 with the checks as JSON. */
export async function startHealthServer(options: {
  readonly host: string;
  readonly port: number;
  readonly ready: () => Readiness | Promise<Readiness>;
}): Promise<HttpListener> {
  return await listenHttp(options, (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendJson(response, 405, { status: 'method-not-allowed' });
    const path = request.url?.split('?')[0];
    if (path === '/healthz') return sendJson(response, 200, { status: 'ok' });
    if (path !== '/readyz') return sendJson(response, 404, { status: 'not-found' });
    Promise.resolve()
      .then(() => options.ready())
      .then(
        ({ ready, checks }) => sendJson(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not-ready', ...(checks ? { checks } : {}) }),
        () => sendJson(response, 503, { status: 'not-ready' }),
      );
  });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
}

import { type IncomingMessage, type ServerResponse } from 'node:http';
import { parseTilePath, TILE_WIDTH } from '@boop/log';
import { type HttpListener, listenHttp } from '@boop/platform';
import { isBoopError } from '@boop/shared';
import { type Alarm } from './alarm.ts';
import { type Monitor } from './monitor.ts';

/**
 * What a monitor offers to others (gossip), in the log's own form: `/checkpoint` with its cosignature, `/tile/…` of its mirror; and `/status`,
 * `/evidence`. Read-only. Throws `http.port-taken`.
 */
export async function serveMonitor(monitor: Monitor, evidence: () => readonly Alarm[], address: { host: string; port: number }): Promise<HttpListener> {
  return listenHttp(address, (request, response) => {
    answer(monitor, evidence, request).then(
      ({ status, type, body }) => send(response, status, type, body),
      () => send(response, 500, 'text/plain', ''),
    );
  });
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

const notFound: Answer = { status: 404, type: 'text/plain', body: '' };

async function answer(monitor: Monitor, evidence: () => readonly Alarm[], { method, url = '' }: IncomingMessage): Promise<Answer> {
  if (method !== 'GET') return { ...notFound, status: 405 };
  const path = url.slice(1).split('?', 1)[0]!;
  const { head, map, note, cosigned, convicted } = monitor.state;
  if (path === 'checkpoint') {
    // A convicted log's head is still shown, without this monitor's word for it.
    const text = cosigned ?? note;
    return text === undefined ? notFound : { status: 200, type: 'text/plain; charset=utf-8', body: text };
  }
  if (path === 'status') return json({ size: head.size, revision: map.revision, convicted });
  if (path === 'evidence') return json({ items: evidence() });
  return path.startsWith('tile/') ? tile(monitor, path) : notFound;
}

const json = (body: unknown): Answer => ({ status: 200, type: 'application/json', body: JSON.stringify(body) });

async function tile(monitor: Monitor, path: string): Promise<Answer> {
  try {
    const asked = parseTilePath(path);
    const size = (asked.index * TILE_WIDTH + asked.width) * TILE_WIDTH ** (asked.level === 'entries' ? 0 : asked.level);
    if (size > monitor.state.head.size) return notFound;
    return { status: 200, type: 'application/octet-stream', body: await monitor.mirror.read(asked) };
  } catch (error) {
    if (isBoopError(error)) return notFound;
    throw error;
  }
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'access-control-allow-origin': '*', 'x-content-type-options': 'nosniff' }).end(body);
}

import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { parseTilePath } from '@boop/log';
import { toBase64Url } from '@boop/shared';
import { type ServedLog } from './served-log.ts';

/** The ledger's public HTTP interface over a log in memory; `bend` may answer something else for a path. */
export async function serveLog(source: ServedLog, bend: (path: string) => Uint8Array | number | undefined = () => undefined): Promise<{ url: string; close: () => Promise<void> }> {
  const respond = async (path: string): Promise<Uint8Array | string | number> => {
    const bent = bend(path);
    if (bent !== undefined) return bent;
    if (path === 'checkpoint') return source.checkpoint();
    if (path.startsWith('tile/')) return source.read(parseTilePath(path)).catch(() => 404);
    const [, revision] = /^v1\/ledger\/map\/revisions\/(\d+)\/transition$/.exec(path) ?? [];
    if (revision) return (await source.transition(Number(revision))) ?? 404;
    const head = path === 'v1/ledger/map/head' ? await source.mapHead() : undefined;
    if (head) return JSON.stringify({ ...head, root: toBase64Url(head.root), checkpoint: '' });
    return path.endsWith('map/head') ? 202 : 404;
  };
  const server = createServer((request, response) => {
    void respond(request.url!.slice(1)).then((answer) => (typeof answer === 'number' ? response.writeHead(answer).end() : response.end(answer)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => void server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close };
}

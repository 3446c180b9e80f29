import { type IncomingMessage, type ServerResponse } from 'node:http';
import { requestIdOf } from './request-id.ts';
import { securityHeaders } from './security-headers.ts';

const body = '{"status":"ok"}';
const fixedHeaders = Object.entries({ ...securityHeaders, 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8', 'content-length': String(body.length) }).flat();

/**
 * Answers `GET /healthz` before routing, guards and metrics see it: balancers ask often, and a gateway that sheds its load must still say that it
 * lives. @returns false for any other request
 */
export function answersHealth(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method !== 'GET' || !(request.url === '/healthz' || request.url?.startsWith('/healthz?'))) return false;
  response.writeHead(200, [...fixedHeaders, 'x-request-id', requestIdOf(request.headers)]).end(body);
  return true;
}

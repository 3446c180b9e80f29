import { type Socket } from 'node:net';
import { type ProblemCode, problemOf } from '@boop/protocol';
import { BoopError } from '@boop/shared';

const codes: Readonly<Record<string, ProblemCode>> = { HPE_HEADER_OVERFLOW: 'request.headers-too-large', ERR_HTTP_REQUEST_TIMEOUT: 'request.timeout' };
const messages: Readonly<Partial<Record<ProblemCode, string>>> = { 'request.headers-too-large': 'the headers are larger than 16 KiB', 'request.timeout': 'the request took too long to arrive' };
const reasons: Readonly<Record<number, string>> = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' };

/** Answers what never became a request with a problem document, and closes. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const code = codes[error.code ?? ''] ?? 'request.malformed';
  const body = JSON.stringify(problemOf(new BoopError(code, messages[code] ?? 'the request is not valid HTTP')));
  const status = problemOf(new BoopError(code, '')).status;
  const headers = `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n`;
  socket.end(`HTTP/1.1 ${status} ${reasons[status] ?? 'Error'}\r\n${headers}\r\n${body}`, () => socket.destroy());
}

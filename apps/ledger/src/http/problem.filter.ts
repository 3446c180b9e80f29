import { type Logger, unavailableIfOutage } from '@boop/platform';
import { problemOf } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { type HttpReply, type HttpRequest } from './exchange.ts';
import { RateLimited } from './rate-limit.ts';

/** Every error as a problem document (RFC 9457). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const problem = problemOf(publicError(error), request.id);
    // Everything else is the caller's business, or told where it arises.
    if (problem.code === 'service.internal' || problem.code === 'service.unavailable') this.#log.error('a request failed', { requestId: request.id, error });
    const reply = http.getResponse<HttpReply>();
    if (error instanceof RateLimited) reply.header('retry-after', String(error.retryAfterSeconds));
    else if (problem.code === 'service.unavailable') reply.header('retry-after', String(OUTAGE_RETRY_SECONDS));
    reply
      .status(problem.status)
      .header('content-type', 'application/problem+json')
      .header('cache-control', 'no-store')
      .send(problem);
  }
}

/** After which a database that was away may be back. */
const OUTAGE_RETRY_SECONDS = 2;
const NOT_FOUND = ['log.tile-missing', 'log.malformed-tile-path'];

function publicError(error: unknown): unknown {
  if (error instanceof HttpException) return httpError(error.getStatus());
  if (!isBoopError(error)) return fastifyError(error) ?? unavailableIfOutage(error);
  if (NOT_FOUND.includes(error.code)) return new BoopError('request.not-found', 'the log has no such resource');
  if (error.code === 'log.no-quorum') return new BoopError('log.unavailable', error.message, { kind: 'unavailable' });
  return error;
}

function httpError(status: number): BoopError {
  switch (status) {
    case 404:
      return new BoopError('request.not-found', 'there is no such resource');
    case 413:
      return new BoopError('request.too-large', 'the request has too many bytes');
    case 415:
      return new BoopError('request.unsupported-media-type', 'the request has another media type than documented');
    default:
      return new BoopError('request.malformed', 'the request does not have the documented form');
  }
}

/** What Fastify refuses by itself, before a controller sees it. */
function fastifyError(error: unknown): BoopError | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? httpError(status) : undefined;
}

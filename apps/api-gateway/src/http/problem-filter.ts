import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { describeError, type Logger, unavailableIfOutage } from '@boop/platform';
import { type Problem, type ProblemCode, problemOf } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { InvalidRequest } from '../domain/invalid-request.ts';
import { limitHeaders } from '../limits/limit-policy.ts';
import { Overloaded } from '../limits/load-shedder.ts';
import { RateLimited } from '../services/rate-limit.ts';
import { securityHeaders } from './security-headers.ts';

/** Codes for what the HTTP framework refuses by itself; its messages quote the input and are dropped. */
const codesByStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'request.malformed',
  404: 'request.not-found',
  405: 'request.not-found',
  413: 'request.too-large',
  415: 'request.unsupported-media-type',
};
const messages: Readonly<Partial<Record<ProblemCode, string>>> = {
  'request.malformed': 'the request is not valid JSON over HTTP',
  'request.not-found': 'there is no such resource',
  'request.too-large': 'the body is larger than 2 MiB',
  'request.unsupported-media-type': 'send application/json',
};

/** Seconds after which asking again makes sense, for codes that say "later". */
const retryAfterSeconds: Readonly<Partial<Record<ProblemCode, number>>> = { 'attempts.delayed': 30, 'log.pending': 1, 'mpc.nodes-unavailable': 2, 'log.unavailable': 2, 'service.overloaded': 1, 'service.unavailable': 2, 'idempotency.in-flight': 1 };

/** Every error leaves as RFC 9457 `application/problem+json` from the one table of codes. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Logger;
  constructor(log: Logger) {
    this.#log = log;
  }

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = translated(thrown);
    const problem = problemDocument(error, request.id);
    if (problem.status >= 500) this.#log.error('request failed', { requestId: request.id, code: problem.code, error: describeError(thrown) });
    if (error instanceof RateLimited) void reply.headers(limitHeaders(error.state));
    const wait = error instanceof RateLimited || error instanceof Overloaded ? error.retryAfterSeconds : retryAfterSeconds[problem.code];
    if (wait !== undefined) void reply.header('retry-after', String(wait));
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    void reply.status(problem.status).header('content-type', 'application/problem+json').send(problem);
  }
}

/** Answers what the router refuses before any hook: a path that is not percent-encoded UTF-8, or a parameter that is too long to name anything. */
export function answerRouterError(error: Error & { statusCode?: number }, request: FastifyRequest, reply: FastifyReply): void {
  const code: ProblemCode = error.statusCode === 414 ? 'request.not-found' : 'request.malformed';
  const problem = problemDocument(new BoopError(code, messages[code] ?? ''), request.id);
  void reply.status(problem.status).headers({ ...securityHeaders, 'x-request-id': request.id, 'cache-control': 'no-store', 'content-type': 'application/problem+json' }).send(problem);
}

export function problemDocument(error: unknown, requestId: string): Problem {
  const problem = problemOf(error, requestId);
  return error instanceof InvalidRequest ? { ...problem, errors: error.errors } : problem;
}

function translated(thrown: unknown): unknown {
  const status = thrown instanceof HttpException ? thrown.getStatus() : ((thrown as { statusCode?: unknown } | null)?.statusCode ?? 0);
  if (thrown instanceof BoopError || typeof status !== 'number') return thrown;
  const code = codesByStatus[status];
  return code ? new BoopError(code, messages[code] ?? '') : unavailableIfOutage(thrown);
}

import { isProblemCode, type Problem } from '@boop/protocol';
import { type z } from 'zod';
import { connectionLost, ProblemError, sdkError } from '../errors.ts';
import { type SdkPorts } from '../ports.ts';
import { delay } from '../waiting.ts';

export interface RestRequest<T> {
  readonly schema: z.ZodType<T>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** The server gives the same answer to a repeat: repeated when the connection breaks. */
  readonly idempotent?: boolean;
  /** How long to wait for the answer; 15 s when not given. */
  readonly timeoutMs?: number;
  /** Never repeated, because what it carries is good for one request. */
  readonly once?: boolean;
}

export interface RestClient {
  readonly baseUrl: string;
  /** @throws BoopError `connection.lost`, `response.malformed`, or the {@link ProblemError} that the server answered with */
  request<T>(method: 'GET' | 'POST', path: string, request: RestRequest<T>): Promise<T>;
}

const requestTimeoutMs = 15_000;
const repeatsMax = 2;

export function createRestClient(baseUrl: string, bearer: string | undefined, ports: SdkPorts): RestClient {
  const base = baseUrl.replace(/\/+$/, '');
  const headers = { accept: 'application/json', ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) };

  const once = async (method: string, path: string, request: RestRequest<unknown>): Promise<{ response: Response; body: unknown }> => {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? requestTimeoutMs);
    try {
      const response = await ports.fetch(`${base}${path}`, {
        method,
        headers: { ...headers, ...(request.body === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers },
        signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
        // A credential must not follow a redirect to somewhere else.
        redirect: 'error',
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      return { response, body: parseJson(await response.text()) };
    } catch (error) {
      request.signal?.throwIfAborted();
      throw connectionLost(error);
    }
  };

  return {
    baseUrl: base,
    async request(method, path, request) {
      const repeats = !request.once && (method === 'GET' || request.idempotent) ? repeatsMax : 0;
      for (let attempt = 0; ; attempt++) {
        try {
          return read(await once(method, path, request), request.schema);
        } catch (error) {
          if (attempt >= repeats || !isConnectionLost(error)) throw error;
          await delay(100 * 2 ** attempt, request.signal);
        }
      }
    },
  };
}

function read<T>({ response, body }: { response: Response; body: unknown }, schema: z.ZodType<T>): T {
  const problem = problemIn(body);
  if (problem && (!response.ok || response.status === 202)) throw new ProblemError(problem, retryAfterMs(response));
  const parsed = response.ok ? schema.safeParse(body) : undefined;
  if (parsed?.success) return parsed.data;
  throw sdkError('response.malformed', { kind: response.status >= 500 ? 'unavailable' : 'peer' });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemIn(body: unknown): Problem | undefined {
  const problem = body as Partial<Problem> | null | undefined;
  const complete = typeof problem === 'object' && problem !== null && typeof problem.code === 'string' && isProblemCode(problem.code) && typeof problem.status === 'number';
  return complete ? (problem as Problem) : undefined;
}

/** Delay-seconds form only (RFC 9110 section 10.2.3). */
function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

const isConnectionLost = (error: unknown): boolean => (error as { code?: unknown }).code === 'connection.lost';

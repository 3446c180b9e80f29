import { type CloseCode, closeCodes, isProblemCode, type Problem, problems } from '@boop/protocol';
import { BoopError, type FaultKind } from '@boop/shared';

/**
 * All errors of the SDK are `BoopError`s: with the server's code (the table `problems` of the protocol), a code of the
 * library that found the fault (`capture.*`, `template.*`, `log.*`), or one of these.
 */
export const sdkCodes = {
  'connection.lost': 'The server could not be reached, or the connection broke and did not come back in time',
  'connection.closed': 'The client was closed',
  'connection.session-ended': 'The session that this connection served is over',
  'response.malformed': 'The server answered with something undocumented',
  'network.mismatch': 'The network that answered is not the one that was pinned or seen before',
  'token.invalid': 'The ID token does not verify for this vendor, context and nonce',
  'receipt.invalid': 'The receipt of the log entry does not verify',
  'configuration.invalid': 'The configuration document does not verify or is out of order',
  'webhook.invalid': 'The delivery is not signed with this secret, is too old, or is no event',
  'webhook.secret-malformed': 'The secret of a webhook endpoint begins with whsec_ and is base64',
  'wait.timeout': 'What was waited for did not happen in time',
} as const;
export type SdkCode = keyof typeof sdkCodes;

export const sdkError = (code: SdkCode, options: { kind?: FaultKind; retryAllowed?: boolean; cause?: unknown } = {}): BoopError => new BoopError(code, sdkCodes[code], options);

export const connectionLost = (cause?: unknown): BoopError => sdkError('connection.lost', { kind: 'unavailable', cause });

const kindOf = (status: number): FaultKind => (status >= 500 || status === 429 ? 'unavailable' : 'rejected');

/** An `error` or failure message of a channel. */
export function serverFault(fault: { code: string; message: string; retryAllowed: boolean }): BoopError {
  const status = isProblemCode(fault.code) ? problems[fault.code].status : 500;
  return new BoopError(fault.code, fault.message, { kind: kindOf(status), retryAllowed: fault.retryAllowed });
}

/** A problem document (RFC 9457) as an error. */
export class ProblemError extends BoopError {
  readonly status: number;
  readonly requestId: string | undefined;
  /** From `Retry-After`, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** JSON pointers of refused fields. */
  readonly errors: Problem['errors'];

  constructor(problem: Problem, retryAfterMs?: number) {
    super(problem.code, problem.detail ?? problem.title, { kind: kindOf(problem.status), retryAllowed: problem.retryAllowed });
    this.name = 'ProblemError';
    this.status = problem.status;
    this.requestId = problem.requestId;
    this.retryAfterMs = retryAfterMs;
    this.errors = problem.errors;
  }
}

/** Close codes after which connecting again makes no sense, as the error that ends the channel. */
const finalCloses: Partial<Record<CloseCode, string>> = { 1007: 'request.malformed', 1009: 'request.too-large', 4400: 'request.malformed', 4401: 'request.unauthenticated', 4403: 'request.forbidden', 4409: 'request.conflict', 4413: 'request.too-large', 4440: 'connection.session-ended' };

/**
 * What a close code means for a client.
 * @returns undefined when it should connect again (also for 1006 and all other codes that are not ours)
 */
export function closeError(code: number): BoopError | undefined {
  const known = closeCodes[code as CloseCode] as (typeof closeCodes)[CloseCode] | undefined;
  if (!known || known.reconnect) return undefined;
  return new BoopError(finalCloses[code as CloseCode] ?? 'connection.lost', known.meaning);
}

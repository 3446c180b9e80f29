import { type Logger } from '@boop/platform';
import { problems } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';

const documented = (code: string): boolean => Object.hasOwn(problems, code);

/**
 * What the gateway learns of a failed session: documented codes as they are; trouble among the nodes as one of two codes, because
 * what exactly a disagreement was about is nobody's business outside.
 */
export function outward(error: unknown): BoopError {
  if (isBoopError(error) && documented(error.code)) return error;
  if (isBoopError(error) && error.kind === 'unavailable') return new BoopError('mpc.nodes-unavailable', 'too few nodes are up', { kind: 'unavailable', cause: error });
  return new BoopError('mpc.aborted', 'the nodes broke off; capture again', { kind: 'peer', retryAllowed: true, cause: error });
}

/** Tells the log how a session ended without an answer: a refused input is everyday, anything else wants a look. */
export function logFailure(log: Logger, kind: string, splitHash: string | undefined, error: unknown): void {
  if (isBoopError(error) && error.kind === 'rejected') log.info(`${kind} refused`, { session: splitHash, code: error.code });
  else log.warn(`${kind} broken off`, { session: splitHash, error });
}

/** @throws BoopError `session.timeout` (unavailable) */
export async function within<T>(timeoutMs: number, task: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BoopError('session.timeout', 'the session took too long', { kind: 'unavailable' })), timeoutMs);
  });
  try {
    return await Promise.race([task, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

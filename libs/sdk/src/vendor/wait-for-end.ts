import { type Authentication, type AuthenticationReason } from '@boop/protocol';
import { type Rng } from '@boop/shared';
import { backoffMs } from '../channel/backoff.ts';
import { sdkError } from '../errors.ts';
import { delay } from '../waiting.ts';
import { hasEnded } from './authentication-result.ts';
import { type ContextNews } from './vendor-channel.ts';

/** Without a channel: quick at first, since people wait. */
const polling = { initialMs: 200, maxMs: 2000 };
/** With a channel events come by themselves; asking now and then covers a bridge that fell silent. */
const safetyPollMs = 5000;

/** Collects what the channel says of one context, from before the context exists. */
export class ContextWatch {
  #ended: { authentication: Authentication; reason: AuthenticationReason | undefined } | undefined;
  #wake: AbortController = new AbortController();

  take({ authentication, reason }: ContextNews): void {
    if (authentication && hasEnded(authentication)) this.#ended = { authentication, reason };
    this.#wake.abort();
  }

  get ended(): { authentication: Authentication; reason: AuthenticationReason | undefined } | undefined {
    return this.#ended;
  }

  /** Sleeps until news or `ms` later. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await delay(ms, AbortSignal.any([signal, this.#wake.signal])).catch(() => undefined);
    this.#wake = new AbortController();
    signal.throwIfAborted();
  }
}

/**
 * Waits until a context has ended, by events and by polling.
 * @param load `GET` of the resource
 * @throws BoopError `wait.timeout`; the signal's reason
 */
export async function waitForEnd(input: {
  watch: ContextWatch;
  load: (signal: AbortSignal) => Promise<Authentication>;
  /** Whether events come at present. */
  hasChannel: () => boolean;
  rng: Rng;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}): Promise<{ authentication: Authentication; reason: AuthenticationReason | undefined }> {
  const { watch, load, rng } = input;
  const timeout = AbortSignal.timeout(Math.max(0, Math.ceil(input.timeoutMs)));
  const signal = input.signal ? AbortSignal.any([input.signal, timeout]) : timeout;
  try {
    for (let polls = 0; ; polls++) {
      if (watch.ended) return watch.ended;
      // With a channel the first look is for its news only: the context was pending a moment ago.
      if (polls > 0 || !input.hasChannel()) {
        const authentication = await load(signal).catch((error: unknown) => waitOut(error, signal));
        if (authentication && hasEnded(authentication)) return watch.ended ?? { authentication, reason: undefined };
      }
      if (!watch.ended) await watch.sleep(input.hasChannel() ? safetyPollMs : backoffMs(polls, polling, rng), signal);
    }
  } catch (error) {
    input.signal?.throwIfAborted();
    if (timeout.aborted) throw sdkError('wait.timeout', { kind: 'unavailable', cause: error });
    throw error;
  }
}

/** A server that is busy or away for a moment ends no wait. */
async function waitOut(error: unknown, signal: AbortSignal): Promise<undefined> {
  const { kind, retryAfterMs } = error as { kind?: string; retryAfterMs?: number };
  signal.throwIfAborted();
  if (kind !== 'unavailable') throw error;
  if (retryAfterMs) await delay(retryAfterMs, signal);
  return undefined;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { type AuthenticationContext } from '@boop/identity';
import { type AuthenticationHandle, type AuthenticationResult, ProblemError, type TerminalClient, type VendorClient } from '@boop/sdk';
import { BoopError, isBoopError } from '@boop/shared';
import { type Probe } from './plan.ts';
import { percentile, type ProbeResult } from './report.ts';
import { type Story } from './story.ts';

/** The network broke a run off: a person would try again. */
const presentationsMax = 3;
const rateLimitWaitMs = 2000;
const requestPatienceMs = 10_000;

/** A shop with a scanner: the vendor opens contexts, the terminal hears of them and presents captures. */
export interface Shop {
  readonly vendor: VendorClient;
  readonly terminal: TerminalClient;
  readonly terminalId: string;
}

/** Presents all probes, `concurrency` at a time, and tells how it goes. */
export async function presentAll(shop: Shop, probes: readonly Probe[], options: { concurrency: number; story: Story; signal: AbortSignal }): Promise<ProbeResult[]> {
  const { story, signal, concurrency } = options;
  const results: ProbeResult[] = [];
  const queue = [...probes];
  const worker = async (): Promise<void> => {
    for (let probe = queue.shift(); probe; probe = queue.shift()) {
      results.push(await presentOne(shop, probe, story, signal));
      const accepted = results.filter(({ decision }) => decision === 'accept').length;
      story.progress(results.length, probes.length, `${accepted} accepted · median ${percentile(results.map(({ milliseconds }) => milliseconds), 0.5)} ms`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  for (const { probe, expected, decision, error } of results) if (decision !== expected) story.line(`  ${story.bad(`${probe}: ${decision}${error ? ` (${error})` : ''}, expected ${expected}`)}`);
  const unverified = results.filter(({ decision, verified }) => decision === 'accept' && !verified).length;
  if (unverified > 0) story.line(`  ${unverified} accepted without a second committee's word (too few nodes are up)`);
  return results;
}

/** The time runs from the capture's presentation until the vendor holds the verified result. */
export async function presentOne(shop: Shop, { palm, capture, expected }: Probe, story: Story, signal: AbortSignal): Promise<ProbeResult> {
  const image = await capture.load();
  const authentication = await openContext(shop, story, signal);
  const context = await contextAt(shop.terminal, authentication.id, signal);
  const broken = new AbortController();
  const either = AbortSignal.any([signal, broken.signal]);
  const startMs = performance.now();
  const result = await Promise.all([authentication.waitForResult({ signal: either }), presentPatiently(shop.terminal, context, image, either)])
    .then(([ended]) => ended)
    .catch((error: unknown) => failureOf(error, signal))
    .finally(() => broken.abort());
  return { probe: capture.name, palm, expected, milliseconds: Math.round((performance.now() - startMs) * 10) / 10, ...outcomeOf(result) };
}

function outcomeOf(result: AuthenticationResult | { outcome: 'error'; code: string }): Pick<ProbeResult, 'decision' | 'verified' | 'idToken' | 'sub' | 'logEntry' | 'error'> {
  switch (result.outcome) {
    case 'accepted':
      return { decision: 'accept', verified: result.verified, idToken: result.idToken, sub: result.claims.sub, logEntry: result.logEntry };
    case 'rejected':
      return { decision: 'reject', verified: result.authentication.result?.verified ?? false, ...(result.logEntry === undefined ? {} : { logEntry: result.logEntry }) };
    case 'error':
      return { decision: 'error', verified: false, error: result.code };
    default:
      return { decision: 'error', verified: false, error: `context.${result.outcome}` };
  }
}

function failureOf(error: unknown, signal: AbortSignal): { outcome: 'error'; code: string } {
  signal.throwIfAborted();
  if (!isBoopError(error)) throw error;
  return { outcome: 'error', code: error.code };
}

/** Opens a context; where the vendor's rate limit is reached, it waits its time out. */
async function openContext({ vendor, terminalId }: Shop, story: Story, signal: AbortSignal): Promise<AuthenticationHandle> {
  for (;;) {
    try {
      return await vendor.createAuthentication({ type: 'access', terminalId }, { signal });
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'request.rate-limited') throw error;
      const waitMs = error.retryAfterMs ?? rateLimitWaitMs;
      story.line(story.quiet(`  the vendor's rate limit is reached: waiting ${Math.ceil(waitMs / 1000)} s`));
      await sleep(waitMs, undefined, { signal });
    }
  }
}

async function presentPatiently(terminal: TerminalClient, context: AuthenticationContext, image: Uint8Array, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await terminal.present(context, image, { signal });
      return;
    } catch (error) {
      if (attempt >= presentationsMax || !isBoopError(error) || error.code !== 'mpc.aborted') throw error;
    }
  }
}

/** Waits until the terminal has heard of a context. @throws BoopError `demo.terminal-deaf` */
async function contextAt(terminal: TerminalClient, contextId: string, signal: AbortSignal): Promise<AuthenticationContext> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(requestPatienceMs)]);
  let unsubscribe: (() => void) | undefined;
  try {
    return await new Promise<AuthenticationContext>((resolve, reject) => {
      patience.addEventListener('abort', () => reject(new BoopError('demo.terminal-deaf', 'the terminal did not hear of a context that names it', { kind: 'unavailable' })), { once: true });
      unsubscribe = terminal.onRequest((context) => {
        if (context.contextId === contextId) resolve(context);
      });
    });
  } finally {
    unsubscribe?.();
    signal.throwIfAborted();
  }
}

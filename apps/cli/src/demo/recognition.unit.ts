import { describe, expect, test } from '@jest/globals';
import { type AuthenticationContext } from '@boop/identity';
import { type AuthenticationResult, ProblemError } from '@boop/sdk';
import { BoopError } from '@boop/shared';
import { type Probe } from './plan.ts';
import { presentAll, type Shop } from './recognition.ts';
import { Story } from './story.ts';

const probe = (name: string, expected: Probe['expected'] = 'accept'): Probe => ({ palm: name.split('/')[0]!, expected, capture: { name, load: () => Promise.resolve(new TextEncoder().encode(name)) } });
const accepted = { outcome: 'accepted', idToken: 'token', verified: true, logEntry: 'entry', claims: { sub: 'pseudonym' } } as unknown as AuthenticationResult;
const rejected = { outcome: 'rejected', reason: 'no-match', retryAllowed: true, logEntry: 'entry', authentication: { result: { verified: false } } } as unknown as AuthenticationResult;
const aborted = (): BoopError => new BoopError('mpc.aborted', 'broken off', { kind: 'unavailable' });

interface Script {
  readonly result?: AuthenticationResult | Promise<AuthenticationResult>;
  /** What presenting throws, one a try; afterwards it works. */
  readonly faults?: Error[];
  readonly opening?: Error[];
  readonly deaf?: boolean;
}

/** A shop that plays a script; counts what was done. */
function shopOf({ result = accepted, faults = [], opening = [], deaf = false }: Script) {
  const counts = { opened: 0, presented: 0, cancelledWaits: 0 };
  let heard: (context: AuthenticationContext) => void = () => undefined;
  let shown = (): void => undefined;
  const failing = (errors: Error[]): void => {
    const error = errors.shift();
    if (error) throw error;
  };
  const vendor = {
    createAuthentication: async () => {
      failing(opening);
      counts.opened += 1;
      const id = `ctx_${counts.opened}`;
      if (!deaf) setTimeout(() => heard({ contextId: id } as AuthenticationContext), 1);
      return {
        id,
        waitForResult: ({ signal }: { signal: AbortSignal }) => {
          if (faults.length === 0) return Promise.resolve(result);
          return new Promise((resolve, reject) => {
            shown = () => resolve(result);
            signal.addEventListener('abort', () => {
              counts.cancelledWaits += 1;
              reject(signal.reason as Error);
            });
          });
        },
      };
    },
  };
  const terminal = {
    onRequest: (listener: typeof heard) => {
      heard = listener;
      return () => undefined;
    },
    present: async () => {
      counts.presented += 1;
      failing(faults);
      shown();
    },
  };
  return { shop: { vendor, terminal, terminalId: 'till' } as unknown as Shop, counts };
}

async function present(script: Script, probes: Probe[], signal = new AbortController().signal) {
  let text = '';
  const { shop, counts } = shopOf(script);
  const results = await presentAll(shop, probes, { concurrency: 1, story: new Story({ write: (part) => (text += part) }), signal });
  return { results, text, counts };
}

describe('presenting probes', () => {
  test('records who was accepted, as whom, and with what token', async () => {
    const { results, text } = await present({}, [probe('001/a.bmp'), probe('001/b.bmp')]);
    expect(results).toEqual(['001/a.bmp', '001/b.bmp'].map((name) => ({ probe: name, palm: '001', expected: 'accept', decision: 'accept', verified: true, idToken: 'token', sub: 'pseudonym', logEntry: 'entry', milliseconds: expect.any(Number) })));
    expect(text).not.toContain('✗');
  });

  test('tells of every decision that was not expected', async () => {
    const missed = await present({ result: rejected }, [probe('001/a.bmp')]);
    expect(missed.results[0]).toMatchObject({ decision: 'reject', logEntry: 'entry' });
    expect(missed.text).toContain('✗ 001/a.bmp: reject, expected accept');
    const { text } = await present({}, [probe('009/a.bmp', 'reject')]);
    expect(text).toContain('✗ 009/a.bmp: accept, expected reject');
  });

  test('tells when a second committee was missing', async () => {
    const { text } = await present({ result: { ...accepted, verified: false } as AuthenticationResult }, [probe('001/a.bmp')]);
    expect(text).toContain('1 accepted without a second committee');
  });

  test('presents again when the nodes broke off, three times at most', async () => {
    const twice = await present({ faults: [aborted(), aborted()] }, [probe('001/a.bmp')]);
    expect([twice.results[0]!.decision, twice.counts.presented]).toEqual(['accept', 3]);
    const always = await present({ faults: [aborted(), aborted(), aborted(), aborted()] }, [probe('001/a.bmp')]);
    expect(always.results[0]).toMatchObject({ decision: 'error', error: 'mpc.aborted' });
    // Nothing goes on waiting for a result that won't come.
    expect(always.counts).toMatchObject({ presented: 3, cancelledWaits: 1 });
  });

  test('waits out the rate limit', async () => {
    const limited = new ProblemError({ type: 'x', title: 'Too many requests', status: 429, code: 'request.rate-limited', retryAllowed: true }, 5);
    const { results, text } = await present({ opening: [limited] }, [probe('001/a.bmp')]);
    expect([results[0]!.decision, text.includes('rate limit')]).toEqual(['accept', true]);
  });

  test('stops when no context can be opened, and when it is told to', async () => {
    await expect(present({ opening: [new BoopError('mpc.nodes-unavailable', 'too few', { kind: 'unavailable' })] }, [probe('001/a.bmp')])).rejects.toMatchObject({ code: 'mpc.nodes-unavailable' });
    await expect(present({ deaf: true }, [probe('001/a.bmp')], AbortSignal.timeout(30))).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});

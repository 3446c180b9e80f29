import { describe, expect, test } from '@jest/globals';
import { RateLimited, RateLimits } from '../services/rate-limit.ts';
import { type Counter, degradingCounter, memoryCounter } from './counter.ts';
import { limitHeaders } from './limit-policy.ts';

const policy = (quota: number) => ({ name: 'things', quota, windowSeconds: 60 });
const countAll = async (limits: RateLimits, quota: number, times: number, key = 'a'): Promise<number> => {
  const outcomes = await Promise.allSettled(Array.from({ length: times }, () => limits.count(policy(quota), key)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(RateLimited);
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
};

describe('a quota', () => {
  test.each([1, 7, 49, 50, 99, 100, 1_000])('of %i is kept to the request, however many come at once', async (quota) => {
    expect(await countAll(new RateLimits(), quota, 2 * quota + 3)).toBe(quota);
  });

  test('of one key is not another’s', async () => {
    const limits = new RateLimits();
    expect(await countAll(limits, 5, 100, 'flood')).toBe(5);
    expect(await countAll(limits, 5, 5, 'other')).toBe(5);
  });

  test('starts anew when its window is over', async () => {
    let nowMs = 0;
    const counter: Counter = { add: async (_key, points) => ({ taken: points, resetMs: 1_000 }) };
    const limits = new RateLimits(counter, () => nowMs);
    expect(await countAll(limits, 1, 3)).toBe(1);
    nowMs = 1_001;
    expect(await countAll(limits, 1, 3)).toBe(1);
  });

  test('is kept by replicas together, but for what each has leased', async () => {
    const shared = memoryCounter();
    const replicas = [new RateLimits(shared), new RateLimits(shared), new RateLimits(shared)];
    const accepted = await Promise.all(replicas.map((limits) => countAll(limits, 1_000, 1_000)));
    expect(accepted.reduce((sum, count) => sum + count)).toBe(1_000);
  });

  test('asks the shared counter once in fifty requests of a large quota, and not at all when it is used up', async () => {
    let asked = 0;
    const inner = memoryCounter();
    const limits = new RateLimits({ add: (...taken) => (asked++, inner.add(...taken)) });
    await countAll(limits, 5_000, 5_000);
    expect(asked).toBe(50);
    await countAll(limits, 5_000, 5_000);
    expect(asked).toBe(50);
  });

  test('is told in headers', async () => {
    const limits = new RateLimits();
    const { remaining } = await limits.count(policy(10), 'a');
    expect(remaining).toBe(9);
    expect(limitHeaders({ policy: policy(10), remaining, resetSeconds: 60 })).toEqual({ 'ratelimit-policy': '"things";q=10;w=60', ratelimit: '"things";r=9;t=60' });
  });
});

test('a shared counter that fails leaves a limit per process, and says so', async () => {
  const errors: unknown[] = [];
  const failing: Counter = { add: () => Promise.reject(new Error('no connection')) };
  const limits = new RateLimits(degradingCounter(failing, (error) => errors.push(error)));
  expect(await countAll(limits, 5, 50)).toBe(5);
  expect(errors.length).toBeGreaterThan(0);
});

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type PartyId } from '@boop/shared';
import { settledOrEnough } from './session-lead.ts';

const never = new Promise<void>(() => undefined);
const done = Promise.resolve();
const failed = async (): Promise<void> => await Promise.reject(new Error('refused'));
const statuses = async (tasks: Promise<void>[], enough: number) => {
  const results = await settledOrEnough(tasks.map((_, at) => (at + 1) as PartyId), (party) => tasks[party - 1]!, enough, 20);
  return [...results.values()].map(({ status }) => status);
};

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('waiting for nodes', () => {
  test('ends when all have answered', async () => {
    expect(await statuses([done, failed(), done], 9)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('ends some time after enough have opened', async () => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, 5));
    const waiting = statuses([done, late, never, done], 2);
    await jest.advanceTimersByTimeAsync(20);
    expect(await waiting).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });

  test('does not end while too few have opened', async () => {
    const waiting = statuses([done, failed(), never], 2);
    let ended = false;
    void waiting.then(() => (ended = true));
    await jest.advanceTimersByTimeAsync(60_000);
    expect(ended).toBe(false);
  });
});

import { describe, expect, test } from '@jest/globals';
import { Activity } from './activity.ts';

function started(): { activity: Activity; pass(ms: number): void } {
  let nowMs = 1_000;
  return { activity: new Activity({ nowMs: () => nowMs }), pass: (ms) => void (nowMs += ms) };
}

describe('pauses', () => {
  test('begin a while after the last touch', () => {
    const { activity, pass } = started();
    expect(activity.idle).toBe(true);
    activity.touch();
    expect(activity.idle).toBe(false);
    pass(1_000);
    expect(activity.idle).toBe(true);
  });

  test('do not begin during work, however long it takes, nor at once after it', async () => {
    const { activity, pass } = started();
    let end = (): void => undefined;
    const work = activity.during(async () => await new Promise<void>((resolve) => (end = resolve)));
    pass(60_000);
    expect(activity.idle).toBe(false);
    end();
    await work;
    expect(activity.idle).toBe(false);
    pass(1_000);
    expect(activity.idle).toBe(true);
  });

  test('begin after work that failed, too', async () => {
    const { activity, pass } = started();
    await expect(activity.during(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    pass(1_000);
    expect(activity.idle).toBe(true);
  });

  test('are told to all who wait for one, and not before', async () => {
    const { activity, pass } = started();
    activity.touch();
    const told: number[] = [];
    const waiting = [1, 2].map(async (who) => {
      await activity.pause();
      told.push(who);
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(told).toEqual([]);
    pass(1_000);
    await Promise.all(waiting);
    expect(told).toEqual([1, 2]);
    await activity.pause();
  });
});

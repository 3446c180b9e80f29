import { describe, expect, test } from '@jest/globals';
import { Session } from './session.ts';

const session = (): Session => new Session({ shares: [] } as unknown as ConstructorParameters<typeof Session>[0]);
const code = (value: string) => expect.objectContaining({ code: value });

describe('the verdict on a split', () => {
  test('is final, and allows or forbids runs', async () => {
    for (const passes of [true, false]) {
      const checked = session();
      await checked.checkSplit(async () => passes);
      expect(checked.splitPassed).toBe(passes);
      await expect(checked.checkSplit(async () => true)).rejects.toThrow(code('split.checked'));
      expect(checked.splitPassed).toBe(passes);
      if (passes) expect(() => checked.requireWellFormed()).not.toThrow();
      else expect(() => checked.requireWellFormed()).toThrow(code('split.invalid-form'));
    }
  });

  test('is not there while the check runs: no run, no second check', async () => {
    const running = session();
    let finish: (passed: boolean) => void = () => undefined;
    const check = running.checkSplit(async () => await new Promise<boolean>((resolve) => (finish = resolve)));
    expect(() => running.requireWellFormed()).toThrow(code('split.unchecked'));
    await expect(running.checkSplit(async () => true)).rejects.toThrow(code('split.checked'));
    finish(true);
    await check;
    expect(running.splitPassed).toBe(true);
  });

  test('does not come of a check that broke off, which may be repeated', async () => {
    const broken = session();
    const failure = new Error('a peer went away');
    await expect(broken.checkSplit(async () => await Promise.reject(failure))).rejects.toBe(failure);
    expect(broken.splitPassed).toBe(false);
    expect(() => broken.requireWellFormed()).not.toThrow();
    await broken.checkSplit(async () => true);
    expect(broken.splitPassed).toBe(true);
  });
});

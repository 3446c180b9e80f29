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
      if (passes) await checked.checkSplit(async () => true);
      await expect(checked.checkSplit(async () => true)).rejects.toThrow(code('split.checked'));
      expect(checked.splitPassed).toBe(passes);
      if (passes) expect(() => checked.requireWellFormed()).not.toThrow();
      else expect(() => checked.requireWellFormed()).toThrow(code('split.invalid-form'));
    }
  });

  const underWay = (of: Session) => {
    let finish: (passed: boolean) => void = () => undefined;
    const check = of.checkSplit(async () => await new Promise<boolean>((resolve) => (finish = resolve)));
    return async (passed: boolean) => {
      finish(passed);
      await check;
    };
  };

  test('is not there while the check runs: no run, no third check', async () => {
    const running = session();
    const finish = underWay(running);
    expect(() => running.requireWellFormed()).toThrow(code('split.unchecked'));
    underWay(running);
    await expect(running.checkSplit(async () => true)).rejects.toThrow(code('split.checked'));
    let heard = false;
    const checked = running.splitChecked().then(() => (heard = true));
    await Promise.resolve();
    expect(heard).toBe(false);
    await finish(true);
    await checked;
    expect(running.splitPassed).toBe(true);
    expect(() => running.requireWellFormed()).not.toThrow();
    await expect(running.checkSplit(async () => true)).rejects.toThrow(code('split.checked'));
  });

  test.each([[true, false], [false, true]])('is that it failed where one of two checks says so (%s, then %s)', async (first, second) => {
    const twice = session();
    const [one, other] = [underWay(twice), underWay(twice)];
    await one(first);
    await other(second);
    expect(twice.splitPassed).toBe(false);
    expect(() => twice.requireWellFormed()).toThrow(code('split.invalid-form'));
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

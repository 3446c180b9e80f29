import { describe, expect, test } from '@jest/globals';
import { type DecisionClaim, Session } from './session.ts';

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

describe('the right to a decision', () => {
  const claimed = (of: Session, row?: number): DecisionClaim => of.claim(row === undefined ? 'identify' : 'verify', [1, 2, 3], row);

  test('is given once per operation, committee and row', () => {
    const open = session();
    claimed(open).use();
    claimed(open, 0).use();
    claimed(open, 1).use();
    open.claim('identify', [1, 2, 4], undefined).use();
    for (const row of [undefined, 0, 1]) expect(() => claimed(open, row)).toThrow(code('session.decided'));
  });

  test('gives way to one other as long as nothing of the shares has left, and is worth nothing then', () => {
    const open = session();
    const first = claimed(open);
    const second = claimed(open);
    expect(first.withdrawn.reason).toEqual(code('run.replaced'));
    expect(() => first.use()).toThrow(code('run.replaced'));
    expect(second.withdrawn.aborted).toBe(false);
    expect(() => claimed(open)).toThrow(code('session.decided'));
    expect(() => second.use()).not.toThrow();
  });
});

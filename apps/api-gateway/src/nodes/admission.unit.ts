import { describe, expect, test } from '@jest/globals';
import { Admission, type Time } from './admission.ts';

/** Whoever waits does so until a place is free. */
const patient: Time = { nowMs: () => 0, after: () => () => undefined };

describe('admission of runs', () => {
  test('a run that fails gives its place back', async () => {
    const admission = new Admission(patient);
    for (let i = 0; i < 100; i++) {
      const leave = await admission.enter();
      await expect(admission.during(() => Promise.reject(new Error('gone')), () => 'run')).rejects.toThrow('gone');
      leave();
    }
    await expect(admission.enter()).resolves.toBeInstanceOf(Function);
  });

  test('a place is given back once', async () => {
    const admission = new Admission(patient);
    const leave = await admission.enter();
    leave();
    leave();
    await admission.enter();
    void admission.enter();
    expect([admission.active, admission.waiting]).toEqual([1, 1]);
  });

  test('three wait for a place, the next is refused at once and may come again', async () => {
    const admission = new Admission(patient);
    const leave = await admission.enter();
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (at) => {
      const out = await admission.enter();
      order.push(at);
      out();
    });
    await expect(admission.enter()).rejects.toMatchObject({ code: 'service.overloaded', kind: 'unavailable', retryAllowed: true });
    leave();
    await Promise.all(waiting);
    expect([order, admission.waiting]).toEqual([[1, 2, 3], 0]);
  });

  test.each([
    ['that are refused at once', async (admission: Admission) => void (await admission.during(() => Promise.reject(new Error('malformed')), () => 'run').catch(() => undefined))],
    ['that find nobody', async (admission: Admission) => void (await admission.during(() => Promise.resolve(), () => 'nobody'))],
  ])('runs %s don\'t make the others look late', async (_, quick) => {
    let nowMs = 0;
    const admission = new Admission({ ...patient, nowMs: () => nowMs });
    for (let i = 0; i < 200; i++) {
      await quick(admission);
      const leave = await admission.enter();
      const other = admission.enter();
      await admission.during(async () => void (nowMs += 100), () => 'token');
      leave();
      (await other)();
    }
    expect(admission.limit).toBe(2);
  });
});

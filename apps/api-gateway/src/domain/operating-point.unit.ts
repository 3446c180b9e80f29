import { describe, expect, test } from '@jest/globals';
import { chooseOperatingPoint } from './operating-point.ts';

const point = (id: string, falseMatchRate: number, encoder = 'palm-1') => ({ id, falseMatchRate, encoder, theta: 1 });
const menu = { operatingPoints: [point('strict', 1e-9), point('usual', 1e-7), point('lax', 1e-5), point('iris', 1e-6, 'iris-1')], defaultOperatingPoint: 'usual' };

describe('the operating point of a context', () => {
  test.each([
    [undefined, undefined, 'usual'],
    [undefined, 'strict', 'strict'],
    [{ operatingPoint: 'lax' }, 'strict', 'lax'],
    [{ falseMatchRateMax: 1e-7 }, undefined, 'usual'],
    [{ falseMatchRateMax: 5e-6 }, 'strict', 'usual'],
    [{ falseMatchRateMax: 1e-8 }, 'lax', 'strict'],
    [{ falseMatchRateMax: 1 }, undefined, 'lax'],
  ])('%j of a vendor with %s is %s', (policy, ofVendor, expected) => {
    expect(chooseOperatingPoint(menu, policy, ofVendor)).toBe(expected);
  });

  test.each([
    [{ operatingPoint: 'none' }, '/policy/operatingPoint'],
    [{ falseMatchRateMax: 1e-12 }, '/policy/falseMatchRateMax'],
    [{ operatingPoint: 'lax', falseMatchRateMax: 1 }, '/policy/falseMatchRateMax'],
  ])('%j is refused', (policy, pointer) => {
    expect(() => chooseOperatingPoint(menu, policy, undefined)).toThrow(expect.objectContaining({ errors: [expect.objectContaining({ pointer })] }));
  });
});

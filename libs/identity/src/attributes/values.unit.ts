import { describe, expect, test } from '@jest/globals';
import { parseValue, type ValueType } from './values.ts';

describe('values', () => {
  test.each<[ValueType, unknown]>([
    ['email', 'ada@example.org'],
    ['phone', '+41446681800'],
    ['date', '1984-02-29'],
    ['postal-code', 'SW1A 1AA'],
    ['country', 'CH'],
    ['integer', 42],
    ['boolean', false],
    ['text', 'Zoë 山田'],
  ])('%s: %s fits', (type, value) => {
    expect(parseValue(type, value)).toBe(value);
  });

  test.each<[ValueType, unknown]>([
    ['email', 'ada@'],
    ['email', ` ada@example.org`],
    ['phone', '0446681800'],
    ['phone', '+1555'],
    ['phone', '+99912345678'],
    ['date', '1983-02-29'],
    ['date', '1984-2-9'],
    ['date', '0984-02-09'],
    ['postal-code', '-8000'],
    ['postal-code', '8000; DROP'],
    ['country', 'ch'],
    ['integer', 1.5],
    ['integer', '7'],
    ['integer', Number.MAX_SAFE_INTEGER + 1],
    ['boolean', 'true'],
    ['boolean', 1],
    ['text', ''],
    ['text', 'a\u0000b'],
    ['text', { toString: () => 'x' }],
  ])('%s: %p is refused, and not repeated', (type, value) => {
    expect(() => parseValue(type, value)).toThrow(expect.objectContaining({ code: 'attribute.invalid-value', message: `the value is no ${type}` }));
  });
});

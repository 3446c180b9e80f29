import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { evaluate, type Expression, expressionDepthMax, parseExpression, variablesOf } from './index.ts';

const today = '2026-03-01';
const run = (source: string, inputs = {}) => evaluate(parseExpression(source), { today, ...inputs });

describe('expressions', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['7 / 2', 3],
    ['-7 / 2', -3],
    ['-7 % 4', -3],
    ['10 - 3 - 2', 5],
    ['not (1 > 2) and 2 >= 2', true],
    ['true or false and false', true],
    ['"a" < "b"', true],
    ['if(length("Zoë") == 3, min(4, 5), max(4, 5))', 4],
    ['-0', 0],
  ])('%s is %p', (source, value) => {
    expect(run(source)).toEqual({ value });
  });

  test.each([
    ['2008-03-01', true],
    ['2008-03-02', false],
    ['2008-02-29', true],
    ['2026-03-01', false],
  ])('who was born on %s is adult: %p', (birth_date, value) => {
    expect(run('years_between(birth_date, today) >= 18', { birth_date })).toEqual({ value });
  });

  test('29 February counts on 1 March of other years', () => {
    const on = (day: string) => evaluate(parseExpression('years_between("2004-02-29", today)'), { today: day });
    expect([on('2022-02-28'), on('2022-03-01'), on('2024-02-29')]).toEqual([{ value: 17 }, { value: 18 }, { value: 20 }]);
  });

  test.each([
    ['1 / 0', 'division-by-zero'],
    ['1 % (2 - 2)', 'division-by-zero'],
    ['if(true, 1, 1 / 0)', 'division-by-zero'],
    ['999999999999999 * 999999999999999', 'overflow'],
    ['birth_date == "x"', 'missing'],
    ['toString == "x"', 'missing'],
    ['1 + "a"', 'type'],
    ['1 and true', 'type'],
    ['true < false', 'type'],
    ['years_between("yesterday", today)', 'type'],
    ['not 1', 'type'],
  ])('%s is the fault %s', (source, fault) => {
    const parses = !source.startsWith('toString');
    if (parses) expect(run(source)).toEqual({ fault });
    else expect(() => parseExpression(source)).toThrow(expect.objectContaining({ code: 'expression.syntax' }));
  });

  test('a name of Object.prototype is no input', () => {
    expect(run('constructor == 1')).toEqual({ fault: 'missing' });
  });

  test.each(['', '1 +', '1 < 2 < 3', 'a b', 'min(1)', 'min(1, 2, 3)', 'if', '"a', '1 == 2)', 'while(true)', 'f(1)', '1e5', 'a = 1', '\u00001', '()'])('%p is no expression', (source) => {
    expect(() => parseExpression(source)).toThrow(expect.objectContaining({ code: 'expression.syntax' }));
  });

  test('size is bounded', () => {
    const code = (value: string) => expect.objectContaining({ code: value });
    expect(() => parseExpression('1'.padStart(600))).toThrow(code('expression.too-long'));
    expect(() => parseExpression(Array(40).fill('1').join('+'))).toThrow(code('expression.too-large'));
    expect(() => parseExpression('('.repeat(expressionDepthMax + 1) + '1' + ')'.repeat(expressionDepthMax + 1))).toThrow(code('expression.too-large'));
    expect(() => parseExpression('-'.repeat(300) + '1')).toThrow(code('expression.too-large'));
  });

  // Printed with all parentheses, so reading must give back the same tree.
  const print = (e: Expression): string => {
    switch (e.kind) {
      case 'literal':
        return typeof e.value === 'string' ? `"${e.value}"` : String(e.value);
      case 'variable':
        return e.name;
      case 'unary':
        return `(${e.operator} ${print(e.operand)})`;
      case 'binary':
        return `(${print(e.left)} ${e.operator} ${print(e.right)})`;
      case 'call':
        return `${e.name}(${e.operands.map(print).join(', ')})`;
    }
  };
  const leaf = fc.oneof(
    fc.nat(1000).map((value): Expression => ({ kind: 'literal', value })),
    fc.boolean().map((value): Expression => ({ kind: 'literal', value })),
    fc.constantFrom('2008-02-29', 'x', '').map((value): Expression => ({ kind: 'literal', value })),
    fc.constantFrom('today', 'birth_date', 'a').map((name): Expression => ({ kind: 'variable', name })),
  );
  const tree: fc.Arbitrary<Expression> = fc.letrec<{ e: Expression }>((tie) => ({
    e: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'e' },
      leaf,
      fc.record({ kind: fc.constant('unary' as const), operator: fc.constantFrom('not' as const, '-' as const), operand: tie('e') }),
      fc.record({ kind: fc.constant('binary' as const), operator: fc.constantFrom(...(['or', 'and', '==', '<', '>=', '+', '-', '*', '/', '%'] as const)), left: tie('e'), right: tie('e') }),
      fc.record({ kind: fc.constant('call' as const), name: fc.constant('min' as const), operands: fc.tuple(tie('e'), tie('e')) }),
    ),
  })).e;

  test('every expression is read back as printed, and evaluation ends in a value or a fault', () => {
    fc.assert(
      fc.property(tree, (expression) => {
        expect(parseExpression(print(expression))).toEqual(expression);
        const result = evaluate(expression, { today, a: 3 });
        if ('value' in result) expect(typeof result.value === 'number' ? Number.isSafeInteger(result.value) : ['string', 'boolean'].includes(typeof result.value)).toBe(true);
        else expect(['division-by-zero', 'overflow', 'missing', 'type']).toContain(result.fault);
        expect(new Set(variablesOf(expression)).size).toBe(variablesOf(expression).length);
      }),
      { numRuns: 300 },
    );
  });

  test('any text is read or refused', () => {
    const pieces = fc.array(fc.constantFrom('(', ')', '1', '0', 'a', 'min', 'if', ',', '+', '-', '/', 'not ', ' and ', '"', ' '), { maxLength: 40 }).map((all) => all.join(''));
    fc.assert(
      fc.property(pieces, (source) => {
        try {
          evaluate(parseExpression(source), { today, a: 1 });
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^expression\./);
        }
      }),
      { numRuns: 500 },
    );
  });
});

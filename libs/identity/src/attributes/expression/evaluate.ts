import { type AttributeValue } from '../values.ts';
import { type BinaryOperator, type Expression } from './parse.ts';

/** Why an expression has no value for these inputs. It is a result, not an exception: the language is total. */
export type ExpressionFault = 'division-by-zero' | 'overflow' | 'missing' | 'type';
export type ExpressionResult = { readonly value: AttributeValue } | { readonly fault: ExpressionFault };

/** Values of attributes by name, with `today` as an ISO 8601 date. */
export type Inputs = Readonly<Record<string, AttributeValue>>;

/** Evaluates without loops, in time linear in the expression's size; both operands of a logical operator are always evaluated. */
export function evaluate(expression: Expression, inputs: Inputs): ExpressionResult {
  switch (expression.kind) {
    case 'literal':
      return { value: expression.value };
    case 'variable':
      return Object.hasOwn(inputs, expression.name) ? { value: inputs[expression.name]! } : { fault: 'missing' };
    case 'unary': {
      const operand = evaluate(expression.operand, inputs);
      if ('fault' in operand) return operand;
      if (expression.operator === 'not') return typeof operand.value === 'boolean' ? { value: !operand.value } : typeFault;
      return typeof operand.value === 'number' ? integer(-operand.value) : typeFault;
    }
    case 'binary': {
      const left = evaluate(expression.left, inputs);
      if ('fault' in left) return left;
      const right = evaluate(expression.right, inputs);
      return 'fault' in right ? right : binary(expression.operator, left.value, right.value);
    }
    case 'call': {
      const values: AttributeValue[] = [];
      for (const operand of expression.operands) {
        const result = evaluate(operand, inputs);
        if ('fault' in result) return result;
        values.push(result.value);
      }
      return call(expression.name, values);
    }
  }
}

const typeFault: ExpressionResult = { fault: 'type' };
const integer = (value: number): ExpressionResult => (Number.isSafeInteger(value) ? { value: value === 0 ? 0 : value } : { fault: 'overflow' });

function binary(operator: BinaryOperator, a: AttributeValue, b: AttributeValue): ExpressionResult {
  if (typeof a !== typeof b) return typeFault;
  if (operator === '==') return { value: a === b };
  if (operator === '!=') return { value: a !== b };
  if (operator === 'and' || operator === 'or') return typeof a === 'boolean' && typeof b === 'boolean' ? { value: operator === 'and' ? a && b : a || b } : typeFault;
  if (operator === '<' || operator === '<=' || operator === '>' || operator === '>=') return compare(operator, a, b);
  return typeof a === 'number' && typeof b === 'number' ? arithmetic(operator, a, b) : typeFault;
}

/** Integers by value, texts and so ISO dates by code units. */
function compare(operator: '<' | '<=' | '>' | '>=', a: AttributeValue, b: AttributeValue): ExpressionResult {
  if (typeof a === 'boolean') return typeFault;
  const order = a < b ? -1 : a > b ? 1 : 0;
  return { value: { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator] };
}

function arithmetic(operator: '+' | '-' | '*' | '/' | '%', a: number, b: number): ExpressionResult {
  if ((operator === '/' || operator === '%') && b === 0) return { fault: 'division-by-zero' };
  return integer({ '+': a + b, '-': a - b, '*': a * b, '/': Math.trunc(a / b), '%': a % b }[operator]);
}

function call(name: string, [a, b, c]: readonly AttributeValue[]): ExpressionResult {
  if (name === 'if') return typeof a === 'boolean' && typeof b === typeof c ? { value: a ? b! : c! } : typeFault;
  if (name === 'length') return typeof a === 'string' ? { value: [...a].length } : typeFault;
  if (name === 'years_between') return yearsBetween(a, b);
  if (typeof a !== 'number' || typeof b !== 'number') return typeFault;
  return { value: name === 'min' ? Math.min(a, b) : Math.max(a, b) };
}

const isoDate = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;

/** Whole years from one date to another, as an age counts; who was born on 29 February has a birthday on 1 March of other years. */
function yearsBetween(from: AttributeValue | undefined, to: AttributeValue | undefined): ExpressionResult {
  const [first, last] = [from, to].map((value) => (typeof value === 'string' ? isoDate.exec(value)?.slice(1).map(Number) : undefined));
  if (!first || !last) return typeFault;
  const anniversaryAhead = last[1]! < first[1]! || (last[1] === first[1] && last[2]! < first[2]!);
  return { value: last[0]! - first[0]! - (anniversaryAhead ? 1 : 0) };
}

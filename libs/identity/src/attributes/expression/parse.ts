import { BoopError } from '@boop/shared';
import { type Token, tokensOf } from './tokens.ts';

/** Most nodes and nesting of one expression: evaluation visits each node at most once. */
export const expressionNodesMax = 64;
export const expressionDepthMax = 16;

export const functionArity = { years_between: 2, length: 1, min: 2, max: 2, if: 3 } as const;
export type FunctionName = keyof typeof functionArity;
export const binaryOperators = ['or', 'and', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%'] as const;
export type BinaryOperator = (typeof binaryOperators)[number];

export type Expression =
  | { readonly kind: 'literal'; readonly value: number | string | boolean }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: 'not' | '-'; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly operands: readonly Expression[] };

/** Loosest first; comparisons don't chain. */
const levels: readonly (readonly BinaryOperator[])[] = [['or'], ['and'], ['==', '!=', '<', '<=', '>', '>='], ['+', '-'], ['*', '/', '%']];
const comparisons = 2;

/**
 * Reads an expression: integers, "text", true, false, names of attributes, `today`, or and not, comparisons, + - * / %, and the functions
 * years_between, length, min, max, if. There are no loops, definitions or recursion.
 * @throws BoopError `expression.syntax`, `expression.too-long`, `expression.too-large`
 */
export function parseExpression(source: string): Expression {
  return new Parser(tokensOf(source)).whole();
}

/** Names that an expression refers to, each once. */
export function variablesOf(expression: Expression): string[] {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'variable':
      return [expression.name];
    case 'unary':
      return variablesOf(expression.operand);
    case 'binary':
      return [...new Set([...variablesOf(expression.left), ...variablesOf(expression.right)])];
    case 'call':
      return [...new Set(expression.operands.flatMap(variablesOf))];
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #nodes = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Expression {
    const expression = this.#binary(0);
    if (this.#peek.kind !== 'end') throw syntax();
    return expression;
  }

  get #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #binary(level: number): Expression {
    const operators = levels[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((candidate) => this.#take(candidate));
      if (!operator) return left;
      left = this.#node({ kind: 'binary', operator, left, right: this.#binary(level + 1) });
      if (level === comparisons) return left;
    }
  }

  #unary(): Expression {
    for (const operator of ['not', '-'] as const) if (this.#take(operator)) return this.#node({ kind: 'unary', operator, operand: this.#nested(() => this.#unary()) });
    return this.#primary();
  }

  #primary(): Expression {
    const token = this.#peek;
    this.#at += 1;
    if (token.kind === 'integer' || token.kind === 'text') return this.#node({ kind: 'literal', value: token.value });
    if (token.kind === 'sign' && token.value === '(') return this.#nested(() => this.#closed(this.#binary(0)));
    if (token.kind !== 'name') throw syntax();
    if (token.value === 'true' || token.value === 'false') return this.#node({ kind: 'literal', value: token.value === 'true' });
    if (Object.hasOwn(functionArity, token.value)) return this.#call(token.value as FunctionName);
    if (['and', 'or', 'not'].includes(token.value)) throw syntax();
    return this.#node({ kind: 'variable', name: token.value });
  }

  #call(name: FunctionName): Expression {
    this.#expect('(');
    const operands = this.#nested(() => {
      const read = [this.#binary(0)];
      while (this.#take(',')) read.push(this.#binary(0));
      return this.#closed(read);
    });
    if (operands.length !== functionArity[name]) throw syntax();
    return this.#node({ kind: 'call', name, operands });
  }

  #closed<T>(inner: T): T {
    this.#expect(')');
    return inner;
  }

  #expect(value: string): void {
    if (!this.#take(value)) throw syntax();
  }

  #take(value: string): boolean {
    const token = this.#peek;
    const found = (token.kind === 'sign' || token.kind === 'name') && token.value === value;
    if (found) this.#at += 1;
    return found;
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > expressionDepthMax) throw tooLarge();
    const inner = read();
    this.#depth -= 1;
    return inner;
  }

  #node(expression: Expression): Expression {
    this.#nodes += 1;
    if (this.#nodes > expressionNodesMax) throw tooLarge();
    return expression;
  }
}

const syntax = (): BoopError => new BoopError('expression.syntax', 'the expression is not well-formed');
const tooLarge = (): BoopError => new BoopError('expression.too-large', `an expression has at most ${expressionNodesMax} parts, nested at most ${expressionDepthMax} deep`);

import { BoopError } from '@boop/shared';

/** Longest expression, characters. */
export const expressionCharactersMax = 512;

export type Token = { readonly kind: 'integer'; readonly value: number } | { readonly kind: 'text' | 'name' | 'sign'; readonly value: string } | { readonly kind: 'end' };

const pattern = /\s*(?:(?<integer>[0-9]{1,15})(?![A-Za-z0-9_])|"(?<text>[^"\\\p{Cc}]{0,128})"|(?<name>[a-z][a-z0-9_]{0,47})|(?<sign><=|>=|==|!=|[-+*/%<>(),]))/uy;

/** @throws BoopError `expression.too-long`, `expression.syntax` */
export function tokensOf(source: string): Token[] {
  if (source.length > expressionCharactersMax) throw new BoopError('expression.too-long', `an expression has at most ${expressionCharactersMax} characters`);
  const text = source.trimEnd();
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    pattern.lastIndex = at;
    const groups = pattern.exec(text)?.groups;
    if (!groups) throw new BoopError('expression.syntax', `the expression can't be read from character ${at + 1} on`);
    at = pattern.lastIndex;
    if (groups['integer'] !== undefined) tokens.push({ kind: 'integer', value: Number(groups['integer']) });
    else if (groups['text'] !== undefined) tokens.push({ kind: 'text', value: groups['text'] });
    else if (groups['name'] !== undefined) tokens.push({ kind: 'name', value: groups['name'] });
    else tokens.push({ kind: 'sign', value: groups['sign']! });
  }
  return [...tokens, { kind: 'end' }];
}

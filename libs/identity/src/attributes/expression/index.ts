export * from './evaluate.ts';
export * from './parse.ts';
export { expressionCharactersMax } from './tokens.ts';

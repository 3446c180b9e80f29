export * from './attributes/index.ts';
export * from './consent/index.ts';
export * from './context.ts';
export * from './encoding.ts';
export * from './keys.ts';
export * from './pairwise.ts';
export * from './release/index.ts';
export * from './token.ts';

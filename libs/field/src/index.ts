export * from './combinations.ts';
export * from './field.ts';
export * from './interpolation.ts';
export * from './sampling.ts';

export * from './cipher.ts';
export * from './commitment.ts';
export * from './expression/index.ts';
export * from './names.ts';
export * from './record.ts';
export * from './registry.ts';
export * from './values.ts';

export * from './bytes.ts';
export * from './errors.ts';
export * from './free-memory.ts';
export * from './ids.ts';
export * from './machine.ts';
export * from './ports.ts';

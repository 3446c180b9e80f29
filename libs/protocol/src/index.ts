export * from './channels.ts';
export * from './links.ts';
export * from './log-entries.ts';
export * from './manifest.ts';
export * from './problems.ts';
export * from './rest.ts';
export * from './split.ts';
export * from './statements.ts';

export * from './payload.ts';
export * from './request.ts';
export * from './status.ts';
export * from './status-list.ts';

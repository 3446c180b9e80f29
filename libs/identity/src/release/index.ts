export * from './feed.ts';
export * from './grant.ts';
export * from './record-request.ts';
export * from './recover.ts';
export * from './sealed.ts';

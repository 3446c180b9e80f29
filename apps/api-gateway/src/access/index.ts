export { type AuthenticatedRequest, callerOf } from './access-guard.ts';
export { Public, Roles } from './declare.ts';
export { type Role } from './roles.ts';

export { type AuthenticatedRequest, callerOf } from './access-guard.ts';
export { Limited, Public, Roles } from './declare.ts';
export { type Role } from './roles.ts';

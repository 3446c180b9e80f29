import { SetMetadata } from '@nestjs/common';
import { type NamedLimit } from '../limits/limit-policy.ts';
import { type Role } from './roles.ts';

export const ACCESS = 'boop:access';
export const LIMITS = 'boop:limits';
export type Access = 'public' | readonly Role[];

/** Open to everybody. A route without `Public` or `Roles` is closed to everybody. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);
export const Roles = (...allowed: Role[]) => SetMetadata(ACCESS, allowed satisfies Access);
/** Quotas of a credential (or address, on a public route) beside its general one. */
export const Limited = (...names: NamedLimit[]) => SetMetadata(LIMITS, names);

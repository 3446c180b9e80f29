import { SetMetadata } from '@nestjs/common';
import { type Role } from './roles.ts';

export const ACCESS = 'boop:access';
export type Access = 'public' | readonly Role[];

/** Open to everybody. A route without `Public` or `Roles` is closed to everybody. */
export const Public = () => SetMetadata(ACCESS, 'public' satisfies Access);
export const Roles = (...allowed: Role[]) => SetMetadata(ACCESS, allowed satisfies Access);

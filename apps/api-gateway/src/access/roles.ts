import { type Principal } from '@boop/protocol';

export type Role = Principal['role'];

/** All roles, in the order in which documents list them. */
export const roles = ['vendor', 'terminal', 'person', 'attester', 'admin', 'adjudicator', 'auditor', 'custodian'] as const satisfies readonly Role[];

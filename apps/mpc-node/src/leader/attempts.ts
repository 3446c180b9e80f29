import { type PartyId } from '@boop/shared';
import { type CertifiedStatement, type RunRequest } from '../link/peer-methods.ts';

/** One run that a leader asked for, and how it went. */
export interface Attempt {
  readonly runId: string;
  readonly operation: RunRequest['operation'];
  readonly row: number | undefined;
  readonly committee: readonly PartyId[];
  readonly holders: readonly PartyId[];
  readonly result: { readonly certified: CertifiedStatement } | { readonly error: unknown };
}

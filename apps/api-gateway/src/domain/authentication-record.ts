import { type AuthenticationContext } from '@boop/identity';
import { type Authentication, type CreateAuthentication, type Payment } from '@boop/protocol';

export type AuthenticationStatus = Authentication['status'];
export type AuthenticationResult = NonNullable<Authentication['result']>;
export type AuthenticationOutcome = NonNullable<Authentication['outcome']>;

/** An authentication context and what became of it. Times in milliseconds since the Unix epoch. */
export interface AuthenticationRecord {
  readonly id: string;
  readonly vendorId: string;
  readonly sessionId: string;
  readonly status: AuthenticationStatus;
  readonly request: CreateAuthentication;
  /** SHA-256 of the request: the same id with another request is refused. */
  readonly requestHash: string;
  readonly context: AuthenticationContext;
  readonly link: string;
  readonly result?: AuthenticationResult;
  /** How it ended; there once nothing more can come of it, unless it was cancelled. */
  readonly outcome?: AuthenticationOutcome;
  readonly payment?: Payment;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly processingSinceMs?: number;
}

/** A run is bounded by 10 s; a context that was left in `processing` longer belongs to a gateway that died. */
export const staleProcessingMs = 15_000;

/** Nothing will come of it any more, whatever the stored status says. */
export const isDue = (record: AuthenticationRecord, nowMs: number): boolean =>
  nowMs >= record.expiresAtMs && (record.status === 'pending' || (record.status === 'processing' && nowMs - (record.processingSinceMs ?? 0) >= staleProcessingMs));

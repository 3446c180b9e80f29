import { BoopError } from '@boop/shared';

/** So many failures cost nothing; then each is followed by a wait, until nothing goes any more. */
export interface AttemptLimits {
  readonly free: number;
  readonly max: number;
}

/** NIST SP 800-63B-4, section 3.2.3, without presentation attack detection; with it 10 and 100. */
export const nistAttemptLimits: AttemptLimits = { free: 5, max: 50 };

export const attemptDelayMs = 30_000;

/** Consecutive failures at a terminal, or of one claimed person. A terminal serves whoever comes, so one success ends them. */
export interface FailedAttempts {
  readonly failures: number;
  readonly lastFailureMs: number;
}

/** A person by the pairwise `sub` that one vendor knows. */
export interface ClaimedPerson {
  readonly vendorId: string;
  readonly subject: string;
}

/** One presentation. Its failure counts for the terminal and for the person who was claimed, if one was; its success for whoever it was. */
export interface Attempt {
  readonly terminalId: string;
  readonly person?: ClaimedPerson | undefined;
  readonly failed: boolean;
  readonly atMs: number;
}

/** @throws BoopError `attempts.delayed`, `attempts.exhausted` */
export function checkAttempts({ failures, lastFailureMs }: FailedAttempts, limits: AttemptLimits, nowMs: number): void {
  if (failures >= limits.max) throw new BoopError('attempts.exhausted', 'too many failed attempts; authenticate another way');
  if (failures >= limits.free && nowMs < lastFailureMs + attemptDelayMs) throw new BoopError('attempts.delayed', 'wait 30 s after a failed attempt', { retryAllowed: true });
}

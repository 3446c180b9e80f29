import { BoopError } from '@boop/shared';

/** So many failures cost nothing; then each is followed by a wait, until nothing goes any more. */
export interface AttemptLimits {
  readonly free: number;
  readonly max: number;
}

/** NIST SP 800-63B-4, section 3.2.3, without presentation attack detection; with it 10 and 100. */
export const nistAttemptLimits: AttemptLimits = { free: 5, max: 50 };

export const attemptDelayMs = 30_000;

/** Consecutive failures. A terminal serves whoever comes, so one success ends them. */
export interface FailedAttempts {
  readonly failures: number;
  readonly lastFailureMs: number;
}

/** @throws BoopError `attempts.delayed`, `attempts.exhausted` */
export function checkAttempts({ failures, lastFailureMs }: FailedAttempts, limits: AttemptLimits, nowMs: number): void {
  if (failures >= limits.max) throw new BoopError('attempts.exhausted', 'too many failed attempts at this terminal; authenticate another way');
  if (failures >= limits.free && nowMs < lastFailureMs + attemptDelayMs) throw new BoopError('attempts.delayed', 'wait 30 s after a failed attempt', { retryAllowed: true });
}

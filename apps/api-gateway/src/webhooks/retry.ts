const [second, minute, hour] = [1_000, 60_000, 3_600_000];

/** Waits between the attempts of one delivery, about three days in all (Standard Webhooks, "deliverability and reliability"). */
export const retryDelaysMs: readonly number[] = [5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];

/** An endpoint at which everything has failed for so long is disabled. */
export const persistentFailureMs = 5 * 24 * hour;

/**
 * How long to wait after so many attempts; undefined when there is no further one. Up to a fifth is added or taken off, so that what
 * failed together doesn't come back together.
 * @param attempts made so far, from 1
 * @param fraction random, 0 … 1
 */
export function retryDelayMs(attempts: number, fraction: number, delaysMs: readonly number[] = retryDelaysMs): number | undefined {
  const delay = delaysMs[attempts - 1];
  return delay === undefined ? undefined : Math.round(delay * (0.8 + 0.4 * fraction));
}

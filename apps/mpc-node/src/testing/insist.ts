import { isBoopError } from '@boop/shared';

/** Asks again while nodes are not all there. */
export async function insist<T>(ask: () => Promise<T>, attempts = 60): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isBoopError(error) || error.kind !== 'unavailable' || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** As {@link insist}, and once more as long as too few nodes took part for the answer to be verified, which others may still be while they hear of a change. */
export async function insistVerified<T extends { accepted: boolean; verified: boolean }>(ask: () => Promise<T>, attempts = 60): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const answer = await insist(ask, attempts);
    if (answer.verified || !answer.accepted || attempt === attempts) return answer;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

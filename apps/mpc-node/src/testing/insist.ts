import { isBoopError } from '@boop/shared';

/** Asks again while nodes are not all there. */
export async function insist<T>(ask: () => Promise<T>, attempts = 20): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isBoopError(error) || error.kind !== 'unavailable' || attempt === attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

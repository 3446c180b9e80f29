import { emptyFeedDigest } from '@boop/identity';
import { type Surroundings } from '../assemble.ts';

const nothing = (): Promise<void> => Promise.resolve();

/** Stores of a node that exists for a moment: they keep nothing. */
export function passingStores(): Surroundings['stores'] {
  return {
    gallery: { async *load() {}, prepare: nothing, commit: nothing, erase: nothing, drop: () => Promise.resolve(true) },
    splits: { remember: () => Promise.resolve(true), forgetExpired: nothing },
    attempts: { begin: () => Promise.resolve('begun'), accepted: nothing, acceptedToday: () => Promise.resolve(0), forgetOld: nothing },
    evidence: { add: nothing, named: () => Promise.resolve(new Map()) },
    keys: { load: () => Promise.resolve([]), put: nothing, confirm: nothing, loadNext: () => Promise.resolve(undefined), putNext: nothing, confirmNext: nothing, takeOver: nothing },
    checkpoints: { load: () => Promise.resolve(undefined), save: nothing },
    feed: { load: () => Promise.resolve({ head: { seq: 0, digest: emptyFeedDigest }, facts: [] }), apply: nothing, answer: () => Promise.resolve(true), forgetAnswered: nothing },
    orders: { load: () => Promise.resolve([]), put: nothing },
  };
}

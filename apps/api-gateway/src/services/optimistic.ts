import { BoopError } from '@boop/shared';
import { type Transition } from '../domain/events.ts';
import { type Versioned } from './ports.ts';

const attemptsMax = 5;

/**
 * Reads, decides, saves; and again from the start when somebody else was faster.
 * @returns the step, with the version that its record has now
 * @throws BoopError `request.not-found`, `request.conflict`, or what `decide` throws
 */
export async function changeRecord<Item, Step extends Transition<Item>>(store: {
  find: () => Promise<Versioned<Item> | undefined>;
  decide: (record: Item) => Step;
  save: (version: number, step: Step) => Promise<boolean>;
}): Promise<Step & Versioned<Item>> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const found = await store.find();
    if (!found) throw new BoopError('request.not-found', 'there is no such resource');
    const { version } = found;
    const step = store.decide(found.record);
    if (step.record === found.record) return { ...step, version };
    if (await store.save(version, step)) return { ...step, version: version + 1 };
  }
  throw new BoopError('request.conflict', 'the resource is changing too fast', { retryAllowed: true });
}

import { setFlagsFromString } from 'node:v8';

/**
 * The old generation may grow to four times what is alive before it is collected. V8 begins to mark as soon as less than a young generation is left of its
 * limit, by default one and a half times what is alive: with a young generation that takes the buffers of a search (64 MiB) and a small heap it would mark all the
 * time, and pause for each collection. Nearly all that a search leaves dies young, so little of the limit is ever used.
 * Call it before anything else.
 */
export function letOldGenerationGrow(): void {
  setFlagsFromString('--heap-growing-percent=300');
}

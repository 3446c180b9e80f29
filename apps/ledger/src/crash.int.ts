import { crashSuite } from './testing/crash-suite.ts';

/** The end of each kind of write, where it is hardest to tell what happened; all others in `crash.long.ts`. */
crashSuite('crash', [
  { point: 'append.commit', when: 'after', pass: 4 },
  { point: 'revision.commit', when: 'after', pass: 2 },
], 240_000);

import { CAPTURES_PER_SESSION, type Position, syntheticPalm } from '@boop/biometric';
import { type PresentationSet } from './presentations.ts';

const position: Position = 'right-palm';
/** Three captures of one session for enrolment, two of another day. */
const captures = [0, 1, 2, CAPTURES_PER_SESSION, CAPTURES_PER_SESSION + 1];

/** Palms that belong to nobody, five captures each in two sessions; the same count gives the same pixels everywhere. */
export function syntheticPresentations(count: number): PresentationSet {
  const presentations = Array.from({ length: count }, (_, identity) =>
    captures.map((capture) => {
      const session = String(Math.floor(capture / CAPTURES_PER_SESSION) + 1);
      return {
        palm: String(identity).padStart(5, '0'),
        name: `${session}_${capture}`,
        session,
        load: () => Promise.resolve(syntheticPalm({ identity, position, capture })),
      };
    }),
  ).flat();
  return { source: `${count} synthetic palms`, presentations, ignored: [] };
}

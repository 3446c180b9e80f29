import { CAPTURES_PER_SESSION, syntheticPalm } from '@boop/biometric';
import { encodeGreyBmp } from '@boop/sdk';
import { type Capture, type Enrolment, type Palm, type Plan, type Probe } from './plan.ts';

const position = 'right-palm';
/** Strangers have numbers that are never registered, however many palms another run registers. */
const firstStranger = 1_000_000;
/** One more of the session of the samples, and one of a later day. */
const genuineCaptures = [3, CAPTURES_PER_SESSION];
const againCaptures = [CAPTURES_PER_SESSION + 1, CAPTURES_PER_SESSION + 2, CAPTURES_PER_SESSION + 3];
const strangerCaptures = [0, CAPTURES_PER_SESSION];

const nameOf = (identity: number): string => `synthetic-${identity}`;
const captureOf = (identity: number, capture: number): Capture => ({
  name: `${nameOf(identity)}/capture-${capture}`,
  load: () => Promise.resolve(encodeGreyBmp(syntheticPalm({ identity, position, capture }))),
});

/**
 * `count` identities with three samples and two genuine probes each, and half as many strangers with two probes each.
 * The same numbers give the same palms in every run.
 */
export function syntheticPlan(count: number): Plan {
  const identities = Array.from({ length: count }, (_, i) => i + 1);
  const strangers = Array.from({ length: Math.ceil(count / 2) }, (_, i) => firstStranger + i);
  const probes = (of: readonly number[], captures: readonly number[], expected: Probe['expected']): Probe[] =>
    of.flatMap((identity) => captures.map((capture) => ({ palm: nameOf(identity), capture: captureOf(identity, capture), expected })));
  return {
    enrolments: identities.map(enrolmentOf),
    genuine: probes(identities, genuineCaptures, 'accept'),
    impostor: probes(strangers, strangerCaptures, 'reject'),
  };
}

function enrolmentOf(identity: number): Enrolment {
  const captures = [0, 1, 2].map((capture) => captureOf(identity, capture));
  const palm: Palm = { name: nameOf(identity), position, captures };
  return { palm, samples: captures, again: againCaptures.map((capture) => captureOf(identity, capture)) };
}

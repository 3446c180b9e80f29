import { type Position } from '@boop/identity';

export interface Capture {
  /** Names it in reports: a path below the captures' folder, or what a synthetic palm was drawn from. */
  readonly name: string;
  load(): Promise<Uint8Array>;
}

export interface Palm {
  readonly name: string;
  readonly position: Position;
  readonly captures: readonly Capture[];
}

export interface Enrolment {
  readonly palm: Palm;
  readonly samples: readonly Capture[];
  /** Other captures of the same palm, with which somebody tries to register it again. */
  readonly again: readonly Capture[];
}

export interface Probe {
  /** Name of the palm that is presented. */
  readonly palm: string;
  readonly capture: Capture;
  readonly expected: 'accept' | 'reject';
}

export interface Plan {
  readonly enrolments: readonly Enrolment[];
  readonly genuine: readonly Probe[];
  readonly impostor: readonly Probe[];
}

export const samplesPerPalm = 3;
/** Share of the palms that is registered; the others are strangers. */
const registeredShare = 0.6;

/**
 * The first 60 % of the palms are registered from their first three captures each; all of their other captures are
 * genuine probes, all captures of the other palms impostor probes.
 * @param palms in order; each with four captures or more
 */
export function planOf(palms: readonly Palm[]): Plan {
  const count = Math.max(1, Math.round(palms.length * registeredShare));
  const registered = palms.slice(0, count);
  return {
    enrolments: registered.map(enrolmentOf),
    genuine: registered.flatMap(({ name, captures }) => captures.slice(samplesPerPalm).map((capture): Probe => ({ palm: name, capture, expected: 'accept' }))),
    impostor: palms.slice(count).flatMap(({ name, captures }) => captures.map((capture): Probe => ({ palm: name, capture, expected: 'reject' }))),
  };
}

export function enrolmentOf(palm: Palm): Enrolment {
  const others = palm.captures.slice(samplesPerPalm, 2 * samplesPerPalm);
  const samples = palm.captures.slice(0, samplesPerPalm);
  return { palm, samples, again: others.length === samplesPerPalm ? others : samples };
}

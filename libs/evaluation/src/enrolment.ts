import { BoopError, isBoopError } from '@boop/shared';
import { type Capture, type CaptureSet, byCodeUnits, palmsOf } from './captures.ts';

/** A palm for which no reference could be made (failure to enrol). `reason` is a stable code. */
export interface EnrolmentFailure {
  readonly palm: string;
  readonly reason: string;
}

export interface Enrolment<T> {
  /** One per enrolled palm, of the session of its first sample. */
  readonly references: readonly Capture<T>[];
  /** All captures that made no reference; those of palms that failed to enrol too, as impostors (ISO/IEC 19795-1). */
  readonly probes: readonly Capture<T>[];
  readonly failures: readonly EnrolmentFailure[];
}

/**
 * Enrols each palm from its first captures, in the order of their names.
 * @param samples captures per reference, a positive integer
 * @param makeReference takes exactly `samples` templates; a BoopError counts as a failure to enrol, by its code
 */
export function enrol<T>(set: CaptureSet<T>, samples: number, makeReference: (templates: readonly T[]) => T): Enrolment<T> {
  if (!Number.isSafeInteger(samples) || samples < 1) throw new BoopError('evaluation.enrolment', 'an enrolment takes one sample or more');
  const references: Capture<T>[] = [];
  const probes: Capture<T>[] = [];
  const failures: EnrolmentFailure[] = [];
  const byPalm = new Map<string, Capture<T>[]>();
  for (const capture of set.captures) byPalm.set(capture.palm, [...(byPalm.get(capture.palm) ?? []), capture]);
  for (const palm of palmsOf(set)) {
    const captures = [...(byPalm.get(palm) ?? [])].sort((a, b) => byCodeUnits(a.name, b.name));
    const made = captures.length < samples ? 'enrolment.too-few-samples' : attempt(captures.slice(0, samples), makeReference);
    if (typeof made === 'string') {
      failures.push({ palm, reason: made });
      probes.push(...captures);
    } else {
      references.push(made);
      probes.push(...captures.slice(samples));
    }
  }
  return { references, probes, failures };
}

function attempt<T>(samples: readonly Capture<T>[], makeReference: (templates: readonly T[]) => T): Capture<T> | string {
  try {
    return { ...samples[0]!, template: makeReference(samples.map(({ template }) => template)) };
  } catch (error) {
    if (!isBoopError(error)) throw error;
    return error.code;
  }
}

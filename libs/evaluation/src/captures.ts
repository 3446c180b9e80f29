/** One acquired capture of a palm. `palm` is the biometric instance (ISO/IEC 2382-37): left and right palm of a person are two. */
export interface Capture<T> {
  readonly palm: string;
  /** Unique within its palm; the order of names is the order of captures. */
  readonly name: string;
  /** Captures of one visit; genuine comparisons within and across sessions are told apart. */
  readonly session: string;
  readonly template: T;
}

/** A presentation that gave no usable template. `reason` is a stable code, never the file's contents. */
export interface AcquisitionFailure {
  readonly palm: string;
  readonly name: string;
  readonly reason: string;
}

/** Everything that was presented: what was acquired and what was not. Nothing else exists, so nothing is dropped in silence. */
export interface CaptureSet<T> {
  readonly captures: readonly Capture<T>[];
  readonly failures: readonly AcquisitionFailure[];
}

/** Names of all palms that were presented, also those of which nothing was acquired, in code unit order. */
export function palmsOf({ captures, failures }: CaptureSet<unknown>): string[] {
  return [...new Set([...captures, ...failures].map(({ palm }) => palm))].sort(byCodeUnits);
}

/** The same order on every machine, whatever its locale. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

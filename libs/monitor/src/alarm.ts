import { type Evidence } from '@boop/log';

/** Something is wrong. With evidence, anybody can check that the log did it; without, it is the monitor's word. */
export interface Alarm {
  /** The rule that was broken, such as `log.two-heads` or `mutation.wrong-key`. */
  readonly code: string;
  /** Seconds since the Unix epoch. */
  readonly atS: number;
  readonly evidence?: Evidence;
  /** What was served, where that is all there is. */
  readonly observed?: string;
}

/** An alarm before it has a time. */
export type Finding = Omit<Alarm, 'atS'>;

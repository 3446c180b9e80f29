import { BoopError, isBoopError } from '@boop/shared';
import { type OperatingPoint } from '@boop/biometric';
import { type AcquisitionFailure, type CaptureSet, byCodeUnits, palmsOf } from '../captures.ts';
import { type Compare, compareEveryPair, compareWithReferences } from '../comparisons.ts';
import { type EnrolmentFailure, enrol } from '../enrolment.ts';
import { type Evaluation, evaluate } from '../evaluate.ts';
import { type Interval, binomialInterval } from '../statistics/intervals.ts';

/** One way to make templates, with all that it made of what was presented. */
export interface EncoderUnderTest<T> {
  readonly name: string;
  readonly set: CaptureSet<T>;
  /** Operating points calibrated for this encoder; none for a baseline. */
  readonly menu: readonly OperatingPoint[];
  /** Threshold for sessions and cohorts; the equal error rate's where absent. */
  readonly threshold?: number;
  /** Makes one template of several; an encoder without enrols its first capture alone and meets the same probes. */
  readonly fuse?: (templates: readonly T[]) => T;
}

export interface ReportInput<T> {
  /** What was evaluated, for people. */
  readonly source: string;
  readonly encoders: readonly EncoderUnderTest<T>[];
  readonly compare: Compare<T>;
  /** Captures per reference; 0 for the comparison of every pair only. */
  readonly samples: number;
  readonly seed: number;
  readonly replicates: number;
  readonly cohorts?: ReadonlyMap<string, string>;
  /** Names of files that were no captures: told, not counted. */
  readonly ignored?: readonly string[];
}

/** A proportion of attempts that failed, with its Clopper-Pearson interval. */
export interface FailureRate<F> {
  readonly attempts: number;
  readonly failures: readonly F[];
  readonly rate: number;
  readonly interval: Interval;
}

export interface Acquisition extends FailureRate<AcquisitionFailure> {
  readonly encoder: string;
  readonly palms: number;
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
}

export interface EnrolmentReport extends FailureRate<EnrolmentFailure> {
  readonly encoder: string;
  readonly samples: number;
  readonly fused: boolean;
}

export interface EvaluationReport {
  readonly source: string;
  readonly seed: number;
  readonly replicates: number;
  readonly ignored: readonly string[];
  /** Failure to acquire, per encoder. */
  readonly acquisitions: readonly Acquisition[];
  /** Failure to enrol, per encoder; empty without enrolment. */
  readonly enrolments: readonly EnrolmentReport[];
  readonly evaluations: readonly Evaluation[];
  /** Protocols that could not be run, by the code of the reason. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Runs every encoder through every protocol: each pair of captures, and where `samples` > 0 references against later captures.
 * @throws BoopError `evaluation.*` of the first protocol where none could be run
 */
export function buildReport<T>(input: ReportInput<T>): EvaluationReport {
  const evaluations: Evaluation[] = [];
  const enrolments: EnrolmentReport[] = [];
  const skipped: { name: string; reason: string }[] = [];
  const errors: BoopError[] = [];
  const run = (name: string, make: () => Evaluation): void => {
    try {
      evaluations.push(make());
    } catch (error) {
      if (!isBoopError(error) || error.kind === 'fatal') throw error;
      errors.push(error);
      skipped.push({ name, reason: error.code });
    }
  };
  const acquisitions = input.encoders.map(acquisitionOf);
  const tests = input.encoders.map((encoder, i) => {
    const { menu, threshold } = encoder;
    return { encoder, options: { seed: input.seed, replicates: input.replicates, fta: acquisitions[i]!.rate, menu, threshold, cohorts: input.cohorts } };
  });
  for (const { encoder, options } of tests) {
    const name = `${encoder.name}, every pair`;
    run(name, () => evaluate(compareEveryPair(encoder.set.captures, input.compare), { ...options, name }));
  }
  if (input.samples > 0) {
    for (const { encoder, options } of tests) {
      const { fuse } = encoder;
      const enrolment = enrol(encoder.set, input.samples, (templates) => (fuse === undefined ? templates[0]! : fuse(templates)));
      const attempts = palmsOf(encoder.set).length;
      enrolments.push({ encoder: encoder.name, samples: fuse === undefined ? 1 : input.samples, fused: fuse !== undefined, ...failureRate(enrolment.failures, attempts) });
      const name = `${encoder.name}, ${fuse === undefined ? 'first capture' : `${input.samples} fused`}`;
      run(name, () => evaluate(compareWithReferences(enrolment.references, enrolment.probes, input.compare), { ...options, name }));
    }
  }
  if (evaluations.length === 0) throw errors[0] ?? new BoopError('evaluation.no-encoder', 'there is no encoder to evaluate');
  return { source: input.source, seed: input.seed, replicates: input.replicates, ignored: input.ignored ?? [], acquisitions, enrolments, evaluations, skipped };
}

function acquisitionOf<T>({ name, set }: EncoderUnderTest<T>): Acquisition {
  const counts = new Map<string, number>();
  for (const { reason } of set.failures) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return {
    encoder: name,
    palms: palmsOf(set).length,
    reasons: [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count || byCodeUnits(a.reason, b.reason)),
    ...failureRate(set.failures, set.captures.length + set.failures.length),
  };
}

function failureRate<F>(failures: readonly F[], attempts: number): FailureRate<F> {
  return { attempts, failures, rate: attempts === 0 ? 0 : failures.length / attempts, interval: binomialInterval(failures.length, attempts) };
}

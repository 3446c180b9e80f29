import { type OperatingPoint } from '@boop/biometric';
import { type Calibration, calibrate } from './calibration/calibrate.ts';
import { type HoldOut, holdOut } from './calibration/hold-out.ts';
import { type TailMethod } from './calibration/tails.ts';
import { type Comparisons } from './comparisons.ts';
import { type CohortRow, type SessionTable, cohortTable, sessionTable } from './statistics/cohorts.ts';
import { type EqualErrorRate, bootstrapEqualErrorRate } from './statistics/equal-error-rate.ts';
import { type ErrorCurve, areaUnderRoc, errorCurve, ratesAt } from './statistics/error-rates.ts';
import { FMR_TARGETS, type FixedRate, fixedRates } from './statistics/fixed-rates.ts';
import { type Interval, binomialInterval, ruleOfThree } from './statistics/intervals.ts';
import { type Summary, decidability, summarise } from './statistics/summary.ts';
import { type Zoo, zoo } from './statistics/zoo.ts';

/** What one row of an encoder's signed menu did on these captures. */
export interface MenuRow {
  readonly target: number;
  readonly threshold: number;
  readonly falseMatches: number;
  readonly fmr: number;
  readonly fmrInterval: Interval;
  readonly falseNonMatches: number;
  readonly fnmr: number;
  readonly fnmrInterval: Interval;
  /** ISO/IEC 19795-1: FRR = FTA + FNMR (1 - FTA) and FAR = FMR (1 - FTA). */
  readonly frr: number;
  readonly far: number;
  /** The target is not refuted: it lies above the lower end of the measured interval. */
  readonly kept: boolean;
}

/** How little so many comparisons can prove. Comparisons share palms, so the truth lies between the two limits. */
export interface Limits {
  readonly impostorComparisons: number;
  /** Pairs of different palms that were compared: what the impostor comparisons have of independent evidence. */
  readonly impostorPairs: number;
  readonly genuineComparisons: number;
  readonly genuinePalms: number;
  /** 3/n over impostor comparisons, and over pairs of palms. */
  readonly fmr: number;
  readonly fmrByPairs: number;
  /** 3/n over genuine comparisons, and over palms. */
  readonly fnmr: number;
  readonly fnmrByPalms: number;
}

export interface Evaluation {
  readonly name: string;
  readonly genuine: Summary;
  readonly impostor: Summary;
  /** Genuine minimum minus impostor maximum: positive where a threshold separates them all. */
  readonly margin: number;
  readonly decidability: number | null;
  readonly areaUnderRoc: number;
  readonly eer: EqualErrorRate;
  readonly limits: Limits;
  readonly fixedRates: readonly FixedRate[];
  readonly menu: readonly MenuRow[];
  /** At which sessions and cohorts are told apart. */
  readonly threshold: number;
  readonly sessions: SessionTable;
  readonly cohorts: readonly CohortRow[];
  readonly zoo: Zoo;
  readonly calibrations: readonly Calibration[];
  readonly holdOuts: readonly HoldOut[];
  readonly curve: ErrorCurve;
  readonly comparisons: Comparisons;
}

export interface EvaluationOptions {
  readonly name: string;
  readonly seed: number;
  readonly replicates: number;
  /** Failure to acquire rate of the captures, for FRR and FAR. */
  readonly fta: number;
  /** The encoder's operating points; empty for an encoder without calibration. */
  readonly menu: readonly OperatingPoint[];
  /** Threshold for sessions and cohorts; the equal error rate's where the encoder has none. */
  readonly threshold?: number;
  readonly cohorts?: ReadonlyMap<string, string>;
}

const METHODS: readonly TailMethod[] = ['normal', 'generalised-pareto'];
const HOLD_OUT_TARGET = 1e-4;

/** All statistics of one protocol with one encoder. The same comparisons and seed give the same figures on every machine. */
export function evaluate(comparisons: Comparisons, { name, seed, replicates, fta, menu, threshold, cohorts = new Map() }: EvaluationOptions): Evaluation {
  const curve = errorCurve(comparisons.genuine.scores, comparisons.impostor.scores);
  const [genuine, impostor] = [summarise(comparisons.genuine.scores), summarise(comparisons.impostor.scores)];
  const eer = bootstrapEqualErrorRate(comparisons, curve, { seed, replicates });
  const working = threshold ?? eer.threshold;
  return {
    name,
    genuine,
    impostor,
    margin: genuine.min - impostor.max,
    decidability: decidability(genuine, impostor),
    areaUnderRoc: areaUnderRoc(curve),
    eer,
    limits: limitsOf(comparisons),
    fixedRates: fixedRates(curve),
    menu: menu.map((point) => menuRow(curve, point, fta)),
    threshold: working,
    sessions: sessionTable(comparisons, working),
    cohorts: cohortTable(comparisons, cohorts, working),
    zoo: zoo(comparisons),
    calibrations: METHODS.map((method) => calibrate(comparisons, method, { targets: FMR_TARGETS, seed, replicates })).filter((fit) => fit !== null),
    holdOuts: METHODS.map((method) => holdOut(comparisons, method, { target: HOLD_OUT_TARGET, seed, replicates })).filter((check) => check !== null),
    curve,
    comparisons,
  };
}

function menuRow(curve: ErrorCurve, { falseMatchRate, theta }: OperatingPoint, fta: number): MenuRow {
  const { falseMatches, falseNonMatches, fmr, fnmr } = ratesAt(curve, theta);
  const fmrInterval = binomialInterval(falseMatches, curve.impostorCount);
  return {
    target: falseMatchRate,
    threshold: theta,
    falseMatches,
    fmr,
    fmrInterval,
    falseNonMatches,
    fnmr,
    fnmrInterval: binomialInterval(falseNonMatches, curve.genuineCount),
    frr: fta + fnmr * (1 - fta),
    far: fmr * (1 - fta),
    kept: fmrInterval.lower <= falseMatchRate,
  };
}

function limitsOf({ palms, genuine, impostor }: Comparisons): Limits {
  const pairs = new Set<number>();
  impostor.reference.forEach((a, i) => {
    const b = impostor.probe[i]!;
    pairs.add(Math.min(a, b) * palms.length + Math.max(a, b));
  });
  const genuinePalms = new Set(genuine.reference).size;
  return {
    impostorComparisons: impostor.scores.length,
    impostorPairs: pairs.size,
    genuineComparisons: genuine.scores.length,
    genuinePalms,
    fmr: ruleOfThree(impostor.scores.length),
    fmrByPairs: ruleOfThree(pairs.size),
    fnmr: ruleOfThree(genuine.scores.length),
    fnmrByPalms: ruleOfThree(genuinePalms),
  };
}

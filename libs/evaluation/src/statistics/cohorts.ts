import { byCodeUnits } from '../captures.ts';
import { type Comparisons, type ScoreTable } from '../comparisons.ts';
import { type Interval, binomialInterval } from './intervals.ts';
import { type Summary, summarise } from './summary.ts';

/** Errors among some of the comparisons at the evaluation's threshold. */
export interface SliceErrors {
  readonly comparisons: Summary;
  readonly errors: number;
  readonly rate: number;
  readonly interval: Interval;
}

/** One cohort (ISO/IEC 19795-10 demographic or other group of palms): genuine of its palms, impostors where both are of it. */
export interface CohortRow {
  readonly cohort: string;
  readonly palms: number;
  readonly genuine: SliceErrors | null;
  readonly impostor: SliceErrors | null;
}

/** Cohorts in code unit order; palms without one form the cohort "unassigned" where any palm has one. */
export function cohortTable(comparisons: Comparisons, cohorts: ReadonlyMap<string, string>, threshold: number): CohortRow[] {
  if (cohorts.size === 0) return [];
  const labels = comparisons.palms.map((palm) => cohorts.get(palm) ?? 'unassigned');
  return [...new Set(labels)].sort(byCodeUnits).map((cohort) => {
    const within = ({ reference, probe }: ScoreTable, i: number): boolean => labels[reference[i]!] === cohort && labels[probe[i]!] === cohort;
    return {
      cohort,
      palms: labels.filter((label) => label === cohort).length,
      genuine: slice(comparisons.genuine, within, (score) => score < threshold),
      impostor: slice(comparisons.impostor, within, (score) => score >= threshold),
    };
  });
}

/** Genuine comparisons within a session and across sessions: the second is what an authentication on another day meets. */
export interface SessionTable {
  readonly within: SliceErrors | null;
  readonly across: SliceErrors | null;
}

export function sessionTable({ genuine }: Comparisons, threshold: number): SessionTable {
  const of = (flag: number): SliceErrors | null => slice(genuine, ({ acrossSessions }, i) => acrossSessions[i] === flag, (score) => score < threshold);
  return { within: of(0), across: of(1) };
}

function slice(table: ScoreTable, belongs: (table: ScoreTable, i: number) => boolean, isError: (score: number) => boolean): SliceErrors | null {
  const scores = table.scores.filter((_, i) => belongs(table, i));
  if (scores.length === 0) return null;
  const errors = scores.reduce((sum, score) => sum + (isError(score) ? 1 : 0), 0);
  return { comparisons: summarise(scores), errors, rate: errors / scores.length, interval: binomialInterval(errors, scores.length) };
}

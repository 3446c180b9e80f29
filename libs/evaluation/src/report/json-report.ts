import { type Evaluation } from '../evaluate.ts';
import { detPoints } from '../statistics/error-rates.ts';
import { type EvaluationReport } from './build-report.ts';

/** Changes whenever a name, a unit or a meaning below does; additions keep it. */
export const REPORT_SCHEMA = 'boop.evaluation/1';

/**
 * The report as plain data for JSON: rates in [0, 1], scores as they are, `null` for a threshold that rejects everything. No
 * templates and no single scores; of palms and captures only the names of their folders and files.
 */
export function jsonReport(report: EvaluationReport): Record<string, unknown> {
  return { schema: REPORT_SCHEMA, ...report, evaluations: report.evaluations.map(jsonEvaluation) };
}

function jsonEvaluation({ curve, comparisons, eer, threshold, ...figures }: Evaluation): Record<string, unknown> {
  return {
    ...figures,
    eer: { ...eer, threshold: finite(eer.threshold) },
    threshold: finite(threshold),
    palms: comparisons.palms.length,
    curve: detPoints(curve).map((point) => ({ threshold: finite(point.threshold), fmr: point.fmr, fnmr: point.fnmr })),
  };
}

/** JSON has no infinity: a threshold that rejects everything is null. */
const finite = (threshold: number): number | null => (Number.isFinite(threshold) ? threshold : null);

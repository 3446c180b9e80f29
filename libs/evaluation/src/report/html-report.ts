import { type Evaluation } from '../evaluate.ts';
import { detPlot, rocPlot } from '../plot/error-plots.ts';
import { percent } from '../plot/scale.ts';
import { histogramPlot, zooPlot } from '../plot/score-plots.ts';
import { type SliceErrors } from '../statistics/cohorts.ts';
import { type EvaluationReport } from './build-report.ts';
import { counted, figure, interval, probability, target, whole } from './format.ts';
import { heading, list, page, paragraph, table } from './html-page.ts';

/** One file with figures and tables; readable in light and dark, on paper and by screen readers. */
export function htmlReport(report: EvaluationReport): string {
  const { evaluations } = report;
  return page(`Biometric performance: ${report.source}`, [
    heading(1, `Biometric performance: ${report.source}`),
    ...evaluations.map(({ name, eer, margin, limits }) =>
      paragraph(
        `${name}: equal error rate ${percent(eer.rate)} (95 %: ${interval(eer.interval)}); ${margin > 0 ? `all scores separate, with ${figure(margin)} between the least genuine and the highest impostor score` : `scores overlap by ${figure(-margin)}`}; ${whole(limits.genuineComparisons)} genuine and ${whole(limits.impostorComparisons)} impostor comparisons of ${whole(limits.genuinePalms)} palms.`,
      ),
    ),
    `<div class="figures">${detPlot(evaluations)}${rocPlot(evaluations)}</div>`,
    paragraph('Grey is what so few comparisons cannot speak of: rates below 3/n (the rule of 3 of ISO/IEC 19795-1).'),
    acquisition(report),
    ...evaluations.map(section),
    `<footer>${paragraph(`Technology evaluation as in ISO/IEC 19795-1. Intervals are 95 %: of the equal error rate and of thresholds by ${report.replicates} resamplings of palms with seed ${report.seed}, of counted rates by Clopper and Pearson as if comparisons were independent, which they are not quite.`)}</footer>`,
  ]);
}

function acquisition({ acquisitions, enrolments, ignored, skipped }: EvaluationReport): string {
  const failures = acquisitions.flatMap(({ encoder, failures: of }) => of.map(({ palm, name, reason }) => [`${palm}/${name}`, encoder, reason]));
  return [
    heading(2, 'What was presented'),
    table('Failure to acquire', ['encoder', 'palms', 'captures', 'FTA', 'reasons'], acquisitions.map((row) => [row.encoder, whole(row.palms), whole(row.attempts), counted(row.failures.length, row.attempts, row.interval), row.reasons.map(({ reason, count }) => `${count} ${reason}`).join(', ') || 'none'])),
    table('Failure to enrol', ['encoder', 'samples per reference', 'palms', 'FTE', 'failures'], enrolments.map((row) => [row.encoder, whole(row.samples), whole(row.attempts), counted(row.failures.length, row.attempts, row.interval), row.failures.map(({ palm, reason }) => `${palm}: ${reason}`).join(', ') || 'none'])),
    table('Captures that were not acquired', ['capture', 'encoder', 'reason'], failures),
    list([...ignored.map((name) => `${name} is no capture and was left out`), ...skipped.map(({ name, reason }) => `${name} could not be evaluated: ${reason}`)]),
  ].join('\n');
}

function section(evaluation: Evaluation): string {
  const { name, genuine, impostor, limits } = evaluation;
  return [
    heading(2, name),
    `<div class="figures">${histogramPlot(evaluation)}${zooPlot(evaluation)}</div>`,
    table(
      'Scores',
      ['', 'comparisons', 'mean', 'deviation', 'least', 'highest'],
      [['genuine', genuine] as const, ['impostor', impostor] as const].map(([label, { count, mean, deviation, min, max }]) => [label, whole(count), figure(mean), figure(deviation), figure(min), figure(max)]),
    ),
    paragraph(
      `d′ ${figure(evaluation.decidability)}; area under the ROC ${figure(evaluation.areaUnderRoc)}. Without a single error, ${whole(limits.impostorComparisons)} impostor comparisons would prove a false match rate below ${percent(limits.fmr)}, if they were independent; the ${whole(limits.impostorPairs)} pairs of palms alone prove ${percent(limits.fmrByPairs)}. For false non-matches: ${percent(limits.fnmr)} by comparisons, ${percent(limits.fnmrByPalms)} by palms.`,
    ),
    rates(evaluation),
    calibration(evaluation),
    groups(evaluation),
  ].join('\n');
}

function rates({ fixedRates, menu }: Evaluation): string {
  return [
    table(
      'False non-match rate at fixed false match rates',
      ['FMR', 'threshold', 'FNMR', '95 %'],
      fixedRates.map((row) => (row.supported ? [target(row.target), row.threshold === null ? 'none' : figure(row.threshold), percent(row.fnmr), interval(row.fnmrInterval)] : [target(row.target), `below 3/n = ${percent(row.limit)}`, 'not measurable', '–'])),
    ),
    table(
      "The encoder's operating points, measured here",
      ['calibrated FMR', 'threshold', 'FMR', 'FNMR', 'FRR with FTA', 'calibration'],
      menu.map((row) => [target(row.target), figure(row.threshold), `${percent(row.fmr)} (${row.falseMatches}; up to ${percent(row.fmrInterval.upper)})`, `${percent(row.fnmr)} (${row.falseNonMatches}; up to ${percent(row.fnmrInterval.upper)})`, percent(row.frr), row.kept ? 'not refuted' : 'refuted']),
    ),
  ].join('\n');
}

function calibration({ calibrations, holdOuts }: Evaluation): string {
  return [
    table(
      'Calibration on these impostor scores',
      ['FMR', ...calibrations.map(({ method }) => `threshold by ${method === 'normal' ? 'a normal tail' : 'extreme values'} (95 %)`), ''],
      (calibrations[0]?.rows ?? []).map(({ target: rate, extrapolated }, i) => [target(rate), ...calibrations.map(({ rows }) => `${figure(rows[i]!.threshold)} (${figure(rows[i]!.interval.lower)} to ${figure(rows[i]!.interval.upper)})`), extrapolated ? 'extrapolated' : 'seen']),
    ),
    table(
      'Calibrated on one half of the palms, checked on the other',
      ['model', 'FMR', 'threshold', 'measured on the other half', '95 %, palms of both halves resampled', ''],
      holdOuts.map(({ method, target: rate, threshold, checked, interval: range, holds }) => [method, target(rate), figure(threshold), `${probability(checked.fmr)} (${whole(checked.falseMatches)} of ${whole(checked.comparisons)})`, interval(range), holds ? 'holds' : 'does not hold']),
    ),
  ].join('\n');
}

function groups({ sessions, cohorts, zoo, threshold }: Evaluation): string {
  const slice = (errors: SliceErrors | null): string[] => (errors === null ? ['–', '–'] : [counted(errors.errors, errors.comparisons.count, errors.interval), figure(errors.comparisons.mean)]);
  return [
    table(`Genuine comparisons by session, at threshold ${figure(threshold)}`, ['', 'FNMR', 'mean score'], [['within a session', ...slice(sessions.within)], ['across sessions', ...slice(sessions.across)]]),
    table(`Cohorts, at threshold ${figure(threshold)}`, ['cohort', 'palms', 'FNMR', 'mean genuine', 'FMR within', 'mean impostor'], cohorts.map((row) => [row.cohort, whole(row.palms), ...slice(row.genuine), ...slice(row.impostor)])),
    table('Zoo', ['animal', 'palms', 'chance of so many'], zoo.animals.map(({ animal, count, p }) => [`${animal}s`, whole(count), probability(p)])),
    paragraph(
      `Doddington's zoo: genuine scores ${zoo.goats.p < 0.05 ? 'depend' : 'do not clearly depend'} on the palm (H = ${figure(zoo.goats.h)}, p ${probability(zoo.goats.p)}), impostor scores ${zoo.lambs.p < 0.05 ? 'depend' : 'do not clearly depend'} on it (H = ${figure(zoo.lambs.h)}, p ${probability(zoo.lambs.p)}). Comparisons share captures, so both p are too small.`,
    ),
  ].join('\n');
}

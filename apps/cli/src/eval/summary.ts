import { type EvaluationReport, percent } from '@boop/evaluation';

/** The report in a few lines for a terminal; what is small-sample is said here too. */
export function summaryLines({ source, acquisitions, enrolments, evaluations, ignored, skipped }: EvaluationReport): string[] {
  const lines = [source];
  for (const { encoder, palms, attempts, failures, reasons } of acquisitions) {
    lines.push(`  ${encoder}: ${palms} palms, ${attempts} captures, ${failures.length} failed to acquire${reasons.map(({ reason, count }) => ` (${count} ${reason})`).join('')}`);
  }
  lines.push(...[...new Set(acquisitions.flatMap(({ failures }) => failures.map(({ palm, name, reason }) => `  not acquired: ${palm}/${name} (${reason})`)))].slice(0, NAMED_MAX));
  for (const { encoder, attempts, failures, samples } of enrolments) if (failures.length > 0) lines.push(`  ${encoder}: ${failures.length} of ${attempts} palms failed to enrol from ${samples} samples`);
  if (ignored.length > 0) lines.push(`  left out, no captures: ${ignored.slice(0, NAMED_MAX).join(', ')}${ignored.length > NAMED_MAX ? ` and ${ignored.length - NAMED_MAX} more` : ''}`);
  const width = Math.max(...evaluations.map(({ name }) => name.length));
  lines.push('', `  ${'protocol'.padEnd(width)}  ${COLUMNS.map((column) => column.padStart(COLUMN)).join('')}`);
  for (const { name, eer, genuine, impostor, margin, decidability, fixedRates, limits } of evaluations) {
    const strict = fixedRates.filter((row) => row.supported).at(-1);
    const cells = [percent(eer.rate), percent(eer.interval.upper), String(genuine.min), String(impostor.max), String(margin), decidability?.toFixed(2) ?? '–', strict?.supported ? `${percent(strict.fnmr)} @ ${strict.target}` : '–', percent(limits.fmr)];
    lines.push(`  ${name.padEnd(width)}  ${cells.map((cell) => cell.padStart(COLUMN)).join('')}`);
  }
  lines.push('', ...evaluations.flatMap(({ name, holdOuts }) => holdOuts.map(({ method, target, checked, holds }) => `  ${name}: ${method} threshold for ${target} from half the palms gives ${checked.falseMatches} of ${checked.comparisons} on the other half: ${holds ? 'holds' : 'does not hold'}`)));
  lines.push(...skipped.map(({ name, reason }) => `  ${name} could not be evaluated (${reason})`));
  return lines;
}

const NAMED_MAX = 20;
const COLUMN = 18;
const COLUMNS = ['EER', 'EER up to', 'genuine least', 'impostor most', 'margin', "d'", 'FNMR @ FMR', 'provable FMR'];

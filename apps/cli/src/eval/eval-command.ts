import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type EvaluationReport, detPlot, histogramPlot, htmlReport, jsonReport, rocPlot, zooPlot } from '@boop/evaluation';
import { BoopError, isBoopError } from '@boop/shared';
import { Command, Option } from 'commander';
import { fromHere } from '../demo/network-access.ts';
import { palmFolders } from './palm-folders.ts';
import { pngOf } from './png.ts';
import { type Baseline, type CaptureKind, BASELINES, CAPTURE_KINDS, runEval } from './run-eval.ts';
import { summaryLines } from './summary.ts';
import { syntheticPresentations } from './synthetic-presentations.ts';
import { wholeNumber } from '../whole-number.ts';

interface EvalOptions {
  readonly json?: string;
  readonly html?: string;
  readonly svg?: string;
  readonly png?: string;
  readonly enrol: number;
  readonly capture: CaptureKind;
  readonly baseline?: Baseline;
  readonly seed: number;
  readonly cohorts?: string;
  readonly synthetic?: number;
}

/** `boop eval`: biometric performance of captures in a folder (ISO/IEC 19795-1). Exit code 1 where nothing could be evaluated. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('measure biometric performance on captures: a folder for each palm or eye, with JPEG, PNG, BMP, TIFF or WebP; sessions by the name before "_"')
    .argument('[dir]', 'folder with a folder for each palm or eye')
    .addOption(new Option('--capture <kind>', 'what the captures show: squares of palms, whole hands, or eyes in near infrared').choices(CAPTURE_KINDS).default('palm-roi'))
    .option('--json <file>', 'write all figures')
    .option('--html <file>', 'write a report to read in a browser')
    .option('--svg <dir>', 'write the plots as SVG')
    .option('--png <dir>', 'write the plots as PNG')
    .addOption(new Option('--enrol <count>', 'also enrol each palm from so many first captures, fused, and compare later ones with that').argParser(wholeNumber(0, 16)).default(3))
    .addOption(new Option('--baseline <name>', 'measure plain CompCode (full or half resolution) or a former encoder version too').choices(Object.keys(BASELINES)))
    .addOption(new Option('--seed <number>', 'of resampling and halving').argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)).default(1))
    .option('--cohorts <file>', 'JSON object from palm folder to cohort')
    .addOption(new Option('--synthetic <count>', 'palms that belong to nobody, instead of a folder').argParser(wholeNumber(2, 800)))
    .action(async (directory: string | undefined, options: EvalOptions) => {
      try {
        process.exitCode = await run(directory, options);
      } catch (error) {
        if (!isBoopError(error)) throw error;
        console.error(`${error.message} (${error.code})`);
        process.exitCode = 1;
      }
    });
}

async function run(directory: string | undefined, options: EvalOptions): Promise<number> {
  if ((directory === undefined) === (options.synthetic === undefined)) throw new BoopError('eval.no-captures', 'give a folder, or --synthetic instead of one');
  const set = directory === undefined ? syntheticPresentations(options.synthetic!) : await palmFolders(fromHere(directory));
  const cohorts = options.cohorts === undefined ? undefined : await readCohorts(fromHere(options.cohorts));
  const report = await runEval({ set, kind: options.capture, samples: options.enrol, baseline: options.baseline, seed: options.seed, cohorts, onProgress: progress(set.presentations.length) });
  for (const line of summaryLines(report)) console.log(line);
  await writeAll(report, options);
  return 0;
}

async function writeAll(report: EvaluationReport, { json, html, svg, png }: EvalOptions): Promise<void> {
  if (json !== undefined) await write(fromHere(json), `${JSON.stringify(jsonReport(report), null, 2)}\n`);
  if (html !== undefined) await write(fromHere(html), htmlReport(report));
  for (const [name, plot] of svg === undefined && png === undefined ? [] : plotsOf(report)) {
    if (svg !== undefined) await write(join(fromHere(svg), `${name}.svg`), plot);
    if (png !== undefined) await write(join(fromHere(png), `${name}.png`), await pngOf(plot));
  }
}

const plotsOf = ({ evaluations }: EvaluationReport): [string, string][] => [
  ['det', detPlot(evaluations)],
  ['roc', rocPlot(evaluations)],
  ...evaluations.flatMap((evaluation, i): [string, string][] => [[`scores-${i + 1}`, histogramPlot(evaluation)], [`zoo-${i + 1}`, zooPlot(evaluation)]]),
];

async function write(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  } catch (error) {
    throw new BoopError('eval.cannot-write', `cannot write ${path}`, { cause: error });
  }
}

/** @throws BoopError `eval.cohorts` for anything but an object of strings */
async function readCohorts(path: string): Promise<ReadonlyMap<string, string>> {
  const malformed = new BoopError('eval.cohorts', 'the cohorts must be a JSON object from palm folder to cohort');
  const content: unknown = await readFile(path, 'utf8').then(JSON.parse).catch(() => {
    throw malformed;
  });
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw malformed;
  const entries = Object.entries(content);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) throw malformed;
  return new Map(entries);
}

/** A count on a terminal, nothing in a log. */
function progress(total: number): ((done: number) => void) | undefined {
  if (!process.stderr.isTTY) return undefined;
  return (done) => void process.stderr.write(done === total ? '\r\u001b[K' : done % 20 === 0 ? `\r${done} of ${total} captures` : '');
}

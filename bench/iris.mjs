// Speed of the iris encoder on one core, and its errors on a folder of captures (first folder level = one eye):
// node --conditions=@boop/source bench/iris.mjs [DIR] [--json FILE]
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { comparePackedIrises, createIrisTemplate, decodeImage, encodeIris, packIris, syntheticEye } from '@boop/biometric';
import { bootstrapEqualErrorRate, compareEveryPair, equalErrorRate, errorCurve } from '@boop/evaluation';

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });

/** Median and 99th percentile of milliseconds per call. */
function measure(images) {
  const times = [];
  for (let round = 0; round < 60 + images.length; round++) {
    const start = performance.now();
    encodeIris(images[round % images.length]);
    if (round >= 10) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { medianMs: Number(times[times.length >> 1].toFixed(1)), p99Ms: Number(times[Math.floor(times.length * 0.99)].toFixed(1)) };
}

const synthetic = measure([0, 1, 2].map((capture) => syntheticEye({ identity: capture, capture }).image));
const report = { bench: 'iris', commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(), node: process.version, machine: cpus()[0]?.model, encode320x280: synthetic };
if (positionals[0] !== undefined) Object.assign(report, { errors: errorsOf(positionals[0]) });
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report, null, 2));

/** Every pair of captures once, all captures counted: what gives no usable template is reported and counts as a false non-match. */
function errorsOf(dir) {
  const files = readdirSync(dir, { recursive: true }).filter((file) => /\.(bmp|png)$/i.test(file)).sort();
  const digest = createHash('sha256');
  const captures = [];
  const failures = [];
  for (const file of files) {
    const bytes = readFileSync(join(dir, file));
    digest.update(`${createHash('sha256').update(bytes).digest('hex')}  ${file.split(sep).join('/')}\n`);
    try {
      const { template } = encodeIris(decodeImage(bytes));
      captures.push({ palm: file.split(sep)[0], name: file, session: file.split(sep).at(-2), template: packIris(createIrisTemplate(template.encoder, template.values)) });
    } catch (error) {
      failures.push({ file, code: error.code ?? 'crash' });
    }
  }
  const comparisons = compareEveryPair(captures, (a, b) => comparePackedIrises(a, b).score);
  const curve = errorCurve(comparisons.genuine.scores, comparisons.impostor.scores);
  const { rate, threshold } = equalErrorRate(curve);
  const { interval } = bootstrapEqualErrorRate(comparisons, curve, { seed: 1, replicates: 200 });
  const genuine = comparisons.genuine.scores.toSorted();
  const impostor = comparisons.impostor.scores.toSorted();
  const fnmrAt = (fmr) => genuine.findIndex((score) => score > impostor[Math.ceil(impostor.length * (1 - fmr)) - 1]) / genuine.length;
  return {
    files: files.length, digest: digest.digest('hex'), eyes: new Set(files.map((file) => file.split(sep)[0])).size, failuresToAcquire: failures,
    genuine: genuine.length, impostor: impostor.length, eer: rate, eerInterval95: interval, threshold,
    fnmr: Object.fromEntries([1e-2, 1e-3, 1e-4].map((fmr) => [`at FMR ${fmr}`, fnmrAt(fmr)])), genuineMedian: genuine[genuine.length >> 1], impostorMax: impostor.at(-1),
  };
}

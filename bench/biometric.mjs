// Speed of libs/biometric on one core: node --conditions=@boop/source bench/biometric.mjs [--json FILE]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { encode as encodePng } from 'fast-png';
import { decodeImage, encodePalm, encodeTemplate, fuse, parseTemplate, score, syntheticPalm } from '@boop/biometric';

const ROUNDS = 60;
const WARM_UP = 15;

/** Milliseconds per call: median and quartiles over rounds of `batch` calls. */
function measure(name, batch, run) {
  const times = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < batch; i++) run(i);
    if (round >= 0) times.push((performance.now() - start) / batch);
  }
  times.sort((a, b) => a - b);
  const at = (share) => Number(times[Math.floor(share * (times.length - 1))].toPrecision(3));
  return { name, medianMs: at(0.5), p25Ms: at(0.25), p75Ms: at(0.75), p99Ms: at(0.99) };
}

const palms = Array.from({ length: 12 }, (_, i) => syntheticPalm({ identity: i % 4, position: 'left-palm', capture: Math.floor(i / 4) }));
const files = palms.map(({ width, height, pixels }) => encodePng({ width, height, data: pixels, channels: 1, depth: 8 }));
const encoded = palms.map((palm) => encodePalm(palm));
const templates = encoded.map(({ template }) => template);
const containers = encoded.map(({ template, quality }) => encodeTemplate(template, { position: 'left-palm', quality, captureTimeMs: 0 }));
const pick = (list, i) => list[i % list.length];

const figures = [
  measure('encodePalm, 128×128 to template and quality', 4, (i) => encodePalm(pick(palms, i))),
  measure('decodeImage, PNG 128×128', 10, (i) => decodeImage(pick(files, i))),
  measure('fuse, three samples', 10, (i) => fuse([pick(templates, i), pick(templates, i + 4), pick(templates, i + 8)])),
  measure('score, 25 shifts in the clear', 200, (i) => score(pick(templates, i), pick(templates, i + 1))),
  measure('parseTemplate', 50, (i) => parseTemplate(pick(containers, i))),
  measure('syntheticPalm', 4, (i) => syntheticPalm({ identity: i, position: 'left-palm', capture: 0 })),
];

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const report = { bench: 'biometric', commit, node: process.version, machine: cpus()[0]?.model, cores: cpus().length, figures };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
console.log(`biometric · ${report.machine} · node ${report.node} · ${commit}`);
console.table(figures);

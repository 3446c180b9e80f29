// Error rates of the passive palm check (ISO/IEC 30107-3) on a folder of 128×128 captures and on attacks simulated from them, and its speed:
// node --conditions=@boop/source bench/liveness.mjs DIR [--json FILE]
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeImage, passivePalmCheck, syntheticPalm } from '@boop/biometric';
import { attackSpecies, simulateAttack } from '../libs/biometric/src/liveness/testing/simulated-attacks.ts';

const { values, positionals } = parseArgs({ options: { json: { type: 'string' } }, allowPositionals: true });
const [dir] = positionals;
const captures = dir
  ? readdirSync(dir, { recursive: true }).filter((file) => /\.(bmp|png)$/i.test(file)).sort().map((file) => decodeImage(readFileSync(join(dir, file))))
  : Array.from({ length: 60 }, (_, identity) => syntheticPalm({ identity, position: 'left-palm', capture: identity % 12 }));
const isAttack = (capture) => passivePalmCheck.assess(capture).outcome === 'attack';
const start = performance.now();
const bpcer = captures.filter(isAttack).length / captures.length;
const msPerCapture = (performance.now() - start) / captures.length;
const apcer = Object.fromEntries(attackSpecies.map((species) => [species, captures.filter((capture, seed) => !isAttack(simulateAttack(species, capture, seed))).length / captures.length]));
const report = { bench: 'liveness', captures: captures.length, bpcer, apcer, msPerCapture: Number(msPerCapture.toFixed(2)) };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report, null, 2));

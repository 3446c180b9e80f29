// Speed of the product kernels: npm run bench -- kernel [--json FILE]. Register blocks against the same loops in C where
// there is a compiler, then scans over galleries in memory. Products are compared with the plain product and exact integers.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import asc from 'assemblyscript/asc';
import { coordinatesOf, irisGeometry, loadKernel, palmGeometry, shiftSources } from '@boop/kernels';
import { seededUint32 } from '@boop/testing';

const { values: options } = parseArgs({ options: { json: { type: 'string' }, quick: { type: 'boolean' } } });
const root = fileURLToPath(new URL('..', import.meta.url));
const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
const summary = (values, digits = 3) => ({ median: +quantile(values, 0.5).toFixed(digits), p10: +quantile(values, 0.1).toFixed(digits), p90: +quantile(values, 0.9).toFixed(digits), runs: values.length });
const print = (line) => process.stderr.write(`${line}\n`);

/** Name, p, shape, steps per call as in the galleries. */
const blocks = [
  { name: 'block5x2', p: 8191, queries: 5, rows: 2, steps: 64, wasm: 'repeat5x2' },
  { name: 'block1x8', p: 8191, queries: 1, rows: 8, steps: 64, wasm: 'repeat1x8' },
  { name: 'wide1x4', p: 65521, queries: 1, rows: 4, steps: 48, wasm: 'repeatWide1x4' },
];

async function compileBlocks() {
  let wasm;
  const flags = ['--outFile', 'out.wasm', '--baseDir', root, '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', '--enable', 'threads', '--importMemory', '--sharedMemory', '--initialMemory', '8', '--maximumMemory', '8'];
  const { error, stderr } = await asc.main(['bench/native/blocks.ts', ...flags], { writeFile: (name, contents) => void (name === 'out.wasm' && (wasm = contents)) });
  if (error) throw new Error(stderr.toString());
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 8, shared: true });
  new Uint8Array(memory.buffer).fill(1);
  const { instance } = await WebAssembly.instantiate(wasm, { env: { memory } });
  return instance.exports;
}

/** The C program, compiled on the spot; undefined where that fails. */
function startNative(dir) {
  const program = join(dir, 'blocks');
  try {
    execFileSync('cc', ['-O3', '-mavx', '-o', program, join(root, 'bench/native/blocks.c')], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async nanoseconds(block, repeats) {
      child.stdin.write(`${block} ${repeats}\n`);
      return Number((await answers.next()).value);
    },
    stop: () => child.stdin.end(),
  };
}

/** Turns of about a millisecond, WASM and native in alternation, so that a noise hits both. */
async function measureBlock(exports, native, { name, p, queries, rows, steps, wasm }) {
  const macs = queries * rows * steps * 8;
  const repeats = Math.round(6e7 / macs);
  const turn = () => {
    const start = performance.now();
    exports[wasm](1 << 17, 1 << 18, steps, 1 << 16, repeats);
    return (performance.now() - start) * 1e6;
  };
  for (let i = 0; i < 100; i++) turn();
  await new Promise((resolve) => setTimeout(resolve, 100)); // optimised code arrives from another thread
  const variants = native ? [1, 2, 4].map((unroll) => `${name}/${unroll}`) : [];
  const best = await fastest(native, variants, repeats);
  const own = [];
  const theirs = [];
  for (let i = 0; i < (options.quick ? 60 : 400); i++) {
    own.push(turn());
    if (best) theirs.push(await native.nanoseconds(best, repeats));
  }
  const rate = (times) => summary(times.map((ns) => (macs * repeats) / ns), 2);
  const share = best && { ofMedians: +(quantile(theirs, 0.5) / quantile(own, 0.5)).toFixed(3), ofFastestTenth: +(quantile(theirs, 0.1) / quantile(own, 0.1)).toFixed(3), ofPairs: summary(own.map((ns, i) => theirs[i] / ns)) };
  print(`${name.padEnd(9)} p = ${p}: WASM ${rate(own).median} GMAC/s${best ? `, C (${best}) ${rate(theirs).median}, share ${share.ofMedians} by medians, ${share.ofFastestTenth} by the fastest tenth` : ''}`);
  return { block: name, p, macPerNanosecond: rate(own), ...(best && { native: { variant: best, macPerNanosecond: rate(theirs) }, share }) };
}

async function fastest(native, variants, repeats) {
  const times = new Map(variants.map((variant) => [variant, Infinity]));
  for (let i = 0; i < 40; i++) for (const variant of variants) times.set(variant, Math.min(times.get(variant), await native.nanoseconds(variant, repeats)));
  return variants.toSorted((a, b) => times.get(a) - times.get(b))[0];
}

const next = seededUint32(1);
const balanced = (length, p) => Int16Array.from({ length }, () => (next() % p) - (p - 1) / 2);

/** Products by the definition. */
function exact(geometry, p, probe, row) {
  const sources = geometry.kind === 'vector' ? [Int32Array.from(probe, (_, i) => i)] : geometry.shifts.map((shift) => shiftSources(geometry, shift));
  return sources.map((source) => {
    let sum = 0n;
    source.forEach((from, i) => {
      if (from >= 0) sum += BigInt(probe[from] * row[i]);
    });
    return Number(((sum % BigInt(p)) + BigInt(p)) % BigInt(p));
  });
}

/** Rows of random residues and, first of all, of the ends of the range. */
function check(kernel, { geometry, p, probes: count }) {
  const end = (p - 1) / 2;
  const coordinates = coordinatesOf(geometry);
  const filled = (value) => new Int16Array(coordinates).fill(value);
  const alternating = filled(end).map((value, i) => (i % 2 ? -value : value));
  const rows = [filled(end), filled(-end), alternating, ...Array.from({ length: 37 }, () => balanced(coordinates, p))];
  const probes = [filled(end), alternating, ...Array.from({ length: 6 }, () => balanced(coordinates, p))].slice(-Math.max(count, 2));
  const results = ['auto', 'plain'].map((layout) => {
    const gallery = kernel.createGallery({ geometry, p, layout, rowsMax: rows.length, readersMax: 0 });
    for (const row of rows) gallery.append(row);
    const out = new Uint16Array(probes.length * gallery.shifts * rows.length);
    gallery.products(probes.map((probe) => gallery.prepareProbe(probe)), 0, rows.length, out);
    return out;
  });
  const shifts = results[0].length / probes.length / rows.length;
  const equal = results[0].every((value, i) => value === results[1][i]);
  const right = [0, 1, 2, 3, rows.length - 1].every((row) => exact(geometry, p, probes[0], rows[row]).every((value, shift) => results[0][shift * rows.length + row] === value));
  if (!equal || !right) throw new Error('the products are wrong');
  return { rows: rows.length, probes: probes.length, shifts, equalToPlainProduct: equal };
}

const seconds = options.quick ? 0.5 : 2;

/** One gallery larger than the caches, read from end to end again and again in calls of `callRows`, each of them timed. */
function measureScan(kernel, scan) {
  const { name, geometry, p, rows: rowCount, probes: probeCount, callRows, layout = 'auto' } = scan;
  const checked = check(kernel, scan);
  const gallery = kernel.createGallery({ geometry, p, layout, rowsMax: rowCount, readersMax: 0 });
  const distinct = Array.from({ length: 64 }, () => balanced(coordinatesOf(geometry), p));
  for (let row = 0; row < rowCount; row++) gallery.append(distinct[row % distinct.length]);
  const probes = Array.from({ length: probeCount }, () => gallery.prepareProbe(balanced(coordinatesOf(geometry), p)));
  const out = new Uint16Array(probeCount * gallery.shifts * callRows);
  const calls = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    for (let row = 0; row + callRows <= rowCount; row += callRows) {
      const start = performance.now();
      gallery.products(probes, row, row + callRows, out);
      calls.push(performance.now() - start);
    }
  }
  const perSecond = summary(calls.map((ms) => (callRows * probeCount * 1000) / ms), 0);
  const gigabytes = +((perSecond.median * gallery.rowBytes) / probeCount / 1e9).toFixed(1);
  print(`${name.padEnd(24)} ${gallery.layout.padEnd(12)} ${probeCount} probe(s): ${perSecond.median} comparisons/s and core (fastest tenth ${perSecond.p90}), ${gallery.rowBytes} bytes a row, ${gigabytes} GB/s`);
  return { name, p, layout: gallery.layout, shifts: gallery.shifts, probes: probeCount, comparisonsPerSecond: perSecond, bytesPerRow: gallery.rowBytes, gigabytesPerSecond: gigabytes, galleryRows: rowCount, checked };
}

const scans = [
  { name: 'palm, 25 shifts', geometry: palmGeometry, p: 8191, rows: 20_000, probes: 1, callRows: 1000 },
  { name: 'palm, 25 shifts', geometry: palmGeometry, p: 8191, rows: 10_000, probes: 8, callRows: 250 },
  { name: 'palm, 25 shifts', geometry: palmGeometry, p: 8191, rows: 10_000, probes: 1, callRows: 250, layout: 'plain' },
  { name: 'iris, 31 shifts', geometry: irisGeometry, p: 65521, rows: 4000, probes: 1, callRows: 250 },
  { name: 'iris, 31 shifts', geometry: irisGeometry, p: 65521, rows: 2000, probes: 8, callRows: 100 },
  { name: 'iris code, paired masks', geometry: { kind: 'vector', coordinates: 19_200 }, p: 65521, rows: 6000, probes: 1, callRows: 500 },
  { name: 'iris code, paired masks', geometry: { kind: 'vector', coordinates: 19_200 }, p: 65521, rows: 6000, probes: 8, callRows: 125 },
  { name: 'embedding, 512', geometry: { kind: 'vector', coordinates: 512 }, p: 8191, rows: 200_000, probes: 1, callRows: 20_000 },
  { name: 'embedding, 512', geometry: { kind: 'vector', coordinates: 512 }, p: 8191, rows: 200_000, probes: 8, callRows: 4000 },
];

const dir = mkdtempSync(join(tmpdir(), 'boop-kernel-'));
const native = startNative(dir);
if (!native) print('no C compiler for 128-bit AVX here: no native figures');
const loadBefore = loadavg()[0];
const registerBlocks = [];
const exports = await compileBlocks();
for (const block of blocks) registerBlocks.push(await measureBlock(exports, native, block));
native?.stop();
rmSync(dir, { recursive: true, force: true });
const kernel = await loadKernel();
const report = { cpu: cpus()[0].model.trim(), load: [loadBefore], registerBlocks, scans: scans.map((scan) => measureScan(kernel, scan)) };
report.load.push(loadavg()[0]);
const text = `${JSON.stringify(report, null, 2)}\n`;
if (options.json) writeFileSync(options.json, text);
else process.stdout.write(text);

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { type Kernel, loadKernel, twinKernel } from './index.ts';

const coordinates = 4096;
const modulus = 8191;
const threads = 2;

/** Row i holds i in each coordinate, row 0 now 1000 and now −1000; the probe holds ones. */
const rowOf = (value: number): Int16Array => new Int16Array(coordinates).fill(value);
const productOf = (value: number): number => (((coordinates * value) % modulus) + modulus) % modulus;

const kernels: [string, () => Promise<Kernel>, number][] = [
  ['wasm', loadKernel, 1200],
  ['twin', () => Promise.resolve(twinKernel()), 400],
];

test.each(kernels)('threads read whole rows of a %s gallery while it is written', async (_name, load, rows) => {
  const kernel = await load();
  // One memory holds a part of the rows only, so that readers cross into memories that were empty when they came.
  const gallery = kernel.createGallery({ geometry: { kind: 'vector', coordinates }, p: modulus, rowsMax: rows, readersMax: threads, memoryBytesMax: 6 << 20 });
  const first = rowOf(1000);
  const second = rowOf(-1000);
  gallery.append(first);
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./testing/reading-thread.ts', import.meta.url), {
    execArgv: ['--conditions=@boop/source', '--disable-warning=ExperimentalWarning'],
    workerData: { handle: gallery.handle(), probe: rowOf(1), modulus, slope: productOf(1), replaced: [productOf(1000), productOf(-1000)] },
  }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  let isEnough = false;
  const enough = Promise.all(workers.map((worker) => once(worker, 'message'))).then(() => (isEnough = true));
  for (let row = 1; row < rows; row++) {
    gallery.append(rowOf(row % 4096));
    for (let i = 0; i < 10; i++) gallery.replace(0, i % 2 ? first : second);
    // Readers' passes and this loop take turns on one core.
    if (row % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // Until the readers have had their time too, however busy the machine is.
  for (let i = 0; !isEnough; i++) {
    gallery.replace(0, i % 2 ? first : second);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await enough;
  const reports = workers.map((worker) => once(worker, 'message'));
  for (const worker of workers) worker.postMessage('stop');
  for (const [report] of await Promise.all(reports)) {
    expect(report).toMatchObject({ wrong: 0, rows });
    expect(report.passes).toBeGreaterThan(3);
    expect(report.values).toBe(2);
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
}, 120_000);

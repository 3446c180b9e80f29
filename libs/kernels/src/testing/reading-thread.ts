// A thread that reads a gallery while another writes: counts products that no whole row can yield, and says when it has seen both forms of row 0.
import { parentPort, workerData } from 'node:worker_threads';
import { type GalleryHandle, loadKernel, twinKernel } from '../index.ts';

const { handle, probe, modulus, slope, replaced } = workerData as { handle: GalleryHandle; probe: Int16Array; modulus: number; slope: number; replaced: number[] };
const kernel = handle.kernel === 'typescript' ? twinKernel() : await loadKernel();
const gallery = kernel.attachGallery(handle);
const prepared = gallery.prepareProbe(probe);
const values = new Set<number>();
let wrong = 0;
let rows = 0;
let passes = 0;
let stopped = false;
let told = false;
parentPort!.once('message', () => (stopped = true));
parentPort!.postMessage('reading');
for (;;) {
  const last = stopped;
  rows = gallery.rows;
  const out = new Uint16Array(rows);
  gallery.products([prepared], 0, rows, out);
  for (let row = 1; row < rows; row++) if (out[row] !== (slope * row) % modulus) wrong++;
  // Row 0 is written most; look at it often.
  for (let i = 0; i < 200; i++) {
    gallery.products([prepared], 0, 1, out);
    values.add(out[0]!);
    if (!replaced.includes(out[0]!)) wrong++;
  }
  passes++;
  if (last) break;
  if (!told && passes > 3 && values.size >= replaced.length) {
    told = true;
    parentPort!.postMessage('enough');
  }
  await new Promise((resolve) => setImmediate(resolve));
}
parentPort!.postMessage({ wrong, rows, passes, values: values.size });

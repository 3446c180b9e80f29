import { describe, expect, test } from '@jest/globals';
import { seededUint32 } from '@boop/testing';
import { type GalleryOptions, irisGeometry, type Kernel, loadKernel, palmGeometry, PROBES_MAX, type RowGeometry, type SharedGallery, twinKernel } from './index.ts';
import { coordinatesOf } from './geometry.ts';
import { mapMemory } from './memory-map.ts';
import { planRows } from './row-plan.ts';
import { MEMORY_BYTES_MAX } from './shared-rows.ts';
import { balancedVector, exactProducts, filledProbe, grid, residue, zerosFor } from './testing/reference.ts';

const kernels: [string, () => Promise<Kernel>][] = [
  ['wasm', loadKernel],
  ['twin', () => Promise.resolve(twinKernel())],
];
const vector = (coordinates: number): RowGeometry => ({ kind: 'vector', coordinates });
const wasmMemories = (gallery: SharedGallery): WebAssembly.Memory[] => gallery.handle().memories as WebAssembly.Memory[];

function filled(kernel: Kernel, options: GalleryOptions, rows: readonly Int16Array[]): SharedGallery {
  const gallery = kernel.createGallery(options);
  rows.forEach((row, i) => expect(gallery.append(row)).toBe(i));
  return gallery;
}

function productsOf(gallery: SharedGallery, probes: readonly Int16Array[], from = 0, to = gallery.rows): number[] {
  const out = new Uint16Array(probes.length * gallery.shifts * (to - from));
  gallery.products(probes.map((probe) => gallery.prepareProbe(probe)), from, to, out);
  return [...out];
}

const shapes: [string, RowGeometry, number, GalleryOptions['layout'], number, number][] = [
  ['palm', palmGeometry, 8191, 'evaluations', 3, 2],
  ['palm', palmGeometry, 8191, 'plain', 3, 1],
  ['palm', palmGeometry, 65521, 'evaluations', 2, 1],
  ['iris', irisGeometry, 65521, 'evaluations', 2, 2],
  ['iris', irisGeometry, 65521, 'plain', 2, 1],
  ['iris', irisGeometry, 8191, 'evaluations', 2, 1],
  ['face', vector(512), 8191, 'auto', 40, PROBES_MAX],
  ['paired iris code', vector(19_200), 65521, 'auto', 5, 3],
  ['long vector', vector(65_536), 8191, 'plain', 1, 1],
];

describe.each(kernels)('a gallery of the %s kernel', (_, load) => {
  test.each(shapes)('holds %s: the products of the definition (%#)', async (_name, geometry, p, layout, rowCount, probeCount) => {
    const next = seededUint32(rowCount + p);
    const rows = Array.from({ length: rowCount }, () => balancedVector(coordinatesOf(geometry), p, next));
    const probes = Array.from({ length: probeCount }, () => balancedVector(coordinatesOf(geometry), p, next));
    const gallery = filled(await load(), { geometry, p, layout: layout!, rowsMax: rowCount }, rows);
    expect(productsOf(gallery, probes)).toEqual(exactProducts(geometry, p, probes, rows));
  });

  test.each([8191, 65521])('does not overflow where all coordinates are at the ends of their range, p = %i', async (p) => {
    const end = (p - 1) / 2;
    const kernel = await load();
    const many = Array.from({ length: 7 }, (_v, i) => ({ dy: 0, dx: i - 3 }));
    for (const geometry of [vector(512), vector(25_600), grid(2, 16, 32, 'cyclic-columns', many)]) {
      for (const [a, b] of [[end, end], [-end, end], [end, -end], [-end, -end]] as const) {
        const gallery = filled(kernel, { geometry, p, layout: 'plain', rowsMax: 9 }, Array.from({ length: 9 }, () => zerosFor(geometry).fill(b)));
        const expected = residue(BigInt(a) * BigInt(b) * BigInt(coordinatesOf(geometry)), p);
        expect(new Set(productsOf(gallery, [zerosFor(geometry).fill(a)]))).toEqual(new Set([expected]));
      }
    }
  });

  test('multiplies any range of rows, for one probe and for eight', async () => {
    const next = seededUint32(7);
    const kernel = await load();
    for (const [geometry, p] of [[grid(1, 3, 5, 'zero', [{ dy: 1, dx: -1 }, { dy: 0, dx: 0 }, { dy: 0, dx: 1 }]), 8191], [vector(9), 8191], [vector(9), 65521]] as const) {
      const vectors = (count: number): Int16Array[] => Array.from({ length: count }, () => balancedVector(coordinatesOf(geometry), p, next));
      const rows = vectors(1100);
      const gallery = filled(kernel, { geometry, p }, rows);
      for (const probes of [vectors(1), vectors(PROBES_MAX)]) {
        for (const [from, to] of [[0, 1100], [0, 0], [31, 32], [32, 33], [7, 9], [8, 16], [1023, 1025], [1, 1099], [1096, 1100]] as const) {
          expect(productsOf(gallery, probes, from, to)).toEqual(exactProducts(geometry, p, probes, rows.slice(from, to)));
        }
      }
    }
  });

  test('a replaced row counts from then on, an erased one yields zeros', async () => {
    const next = seededUint32(8);
    const rows = Array.from({ length: 40 }, () => balancedVector(4096, 8191, next));
    const gallery = filled(await load(), { geometry: palmGeometry, p: 8191 }, rows);
    rows[33] = balancedVector(4096, 8191, next);
    gallery.replace(33, rows[33]);
    gallery.replace(5, zerosFor(palmGeometry));
    const probe = balancedVector(4096, 8191, next);
    expect(productsOf(gallery, [probe], 32, 35)).toEqual(exactProducts(palmGeometry, 8191, [probe], rows.slice(32, 35)));
    expect(productsOf(gallery, [probe], 5, 6)).toEqual(new Array(25).fill(0));
  });

  test('an attached reader sees what the writer appends, and a probe prepared by either serves both', async () => {
    const next = seededUint32(9);
    const kernel = await load();
    const gallery = filled(kernel, { geometry: vector(64), p: 65521, readersMax: 2 }, []);
    const reader = kernel.attachGallery(gallery.handle());
    const rows = Array.from({ length: 1100 }, () => balancedVector(64, 65521, next));
    const probe = balancedVector(64, 65521, next);
    const prepared = gallery.prepareProbe(probe);
    for (const row of rows) {
      gallery.append(row);
      expect(reader.rows).toBe(gallery.rows);
    }
    const out = new Uint16Array(1100);
    reader.products([prepared], 0, 1100, out);
    expect([...out]).toEqual(exactProducts(vector(64), 65521, [probe], rows));
    gallery.wipeProbe(prepared);
    expect(prepared.values.every((value) => value === 0)).toBe(true);
    gallery.handle();
    expect(() => gallery.handle()).toThrow(expect.objectContaining({ code: 'kernel.readers' }));
  });

  test('refuses what does not fit', async () => {
    const kernel = await load();
    const code = (name: string) => expect.objectContaining({ code: `kernel.${name}` });
    const create = (options: Partial<GalleryOptions>) => () => kernel.createGallery({ geometry: vector(8), p: 8191, ...options });
    expect(create({ p: 8209 })).toThrow(code('modulus'));
    expect(create({ layout: 'evaluations' })).toThrow(code('dimensions'));
    expect(create({ rowsMax: 0 })).toThrow(code('dimensions'));
    expect(create({ readersMax: -1 })).toThrow(code('dimensions'));
    expect(create({ memoryBytesMax: 2 ** 32 })).toThrow(code('dimensions'));
    for (const geometry of [vector(0), vector(65_537), grid(1, 2, 3, 'zero', []), grid(1, 2, 3, 'zero', [{ dy: 2, dx: 0 }]), grid(1, 2, 3, 'zero', [{ dy: 0, dx: -3 }]), grid(1, 2, 3, 'zero', [{ dy: 0, dx: 1 }, { dy: 0, dx: 1 }])]) {
      expect(create({ geometry })).toThrow(code('dimensions'));
    }
    const overlapping = { ...grid(2, 2, 3, 'zero', [{ dy: 0, dx: 0 }]), segments: [{ offset: 0, planes: 2, planeStride: 3, rowStride: 3, columnStride: 1 }] };
    expect(create({ geometry: overlapping })).toThrow(code('dimensions'));

    const gallery = create({ rowsMax: 1 })();
    expect(() => gallery.append(new Int16Array(7))).toThrow(code('dimensions'));
    expect(() => gallery.append(new Int16Array(8).fill(4096, 3, 4))).toThrow(code('range'));
    expect(() => gallery.prepareProbe(new Int16Array(8).fill(-4096, 7))).toThrow(code('range'));
    expect(() => gallery.replace(0, new Int16Array(8))).toThrow(code('dimensions'));
    gallery.append(new Int16Array(8).fill(4095));
    expect(() => gallery.append(new Int16Array(8))).toThrow(code('out-of-memory'));
    const probe = gallery.prepareProbe(new Int16Array(8));
    const out = new Uint16Array(1);
    expect(() => gallery.products([probe], 0, 2, out)).toThrow(code('dimensions'));
    expect(() => gallery.products([probe], 1, 0, out)).toThrow(code('dimensions'));
    expect(() => gallery.products([], 0, 1, out)).toThrow(code('dimensions'));
    expect(() => gallery.products(new Array(9).fill(probe), 0, 1, new Uint16Array(9))).toThrow(code('dimensions'));
    expect(() => gallery.products([probe, probe], 0, 1, out)).toThrow(code('dimensions'));
    for (const place of [{ outRows: 1, outRow: 1 }, { outRows: 1, outRow: -1 }, { outRows: 2, outRow: 0 }, { outRows: 1.5, outRow: 0 }]) expect(() => gallery.products([probe], 0, 1, out, place)).toThrow(code('dimensions'));
    const foreign = create({ p: 65521 })().prepareProbe(new Int16Array(8));
    expect(() => gallery.products([foreign], 0, 1, out)).toThrow(code('dimensions'));
    expect(() => kernel.attachGallery({ ...gallery.handle(), kernel: 'another' })).toThrow(code('handle'));
  });
});

describe('the memory of a WASM gallery', () => {
  test('sums stay below 2^31 where every stored value of an evaluated row and probe is at the end of its range', async () => {
    const kernel = await loadKernel();
    // A line (c, 0, …, 0) is the constant polynomial c: 128 lines, 128 products a lane, as many as a chunk may add.
    for (const [a, b] of [[4095, 4095], [-4095, 4095], [-4095, -4095]] as const) {
      const row = zerosFor(palmGeometry);
      for (let y = 0; y < 32; y++) for (const at of [y * 96, y * 96 + 1, y * 96 + 2, 3072 + y * 32]) row[at] = b;
      const gallery = filled(kernel, { geometry: palmGeometry, p: 8191, layout: 'evaluations', rowsMax: 1 }, [row]);
      const probe = filledProbe(gallery.prepareProbe(row), a);
      const out = new Uint16Array(25);
      gallery.products([probe], 0, 1, out);
      const power = (d: number): bigint => Array.from({ length: 36 }, (_, k) => BigInt(k + 1) ** BigInt(d)).reduce((x, y) => x + y);
      // Interpolation of 36 equal products: output d is their sum with weights (k + 1)^d, where d = 2 − dx.
      const expected = palmGeometry.shifts.map(({ dx }) => residue(128n * BigInt(a * b) * power(2 - dx), 8191));
      expect([...out]).toEqual(expected);
    }
  });

  test('goes on in a second and third memory', async () => {
    const next = seededUint32(11);
    const kernel = await loadKernel();
    const geometry = vector(512);
    const rows = Array.from({ length: 700 }, () => balancedVector(512, 8191, next));
    const gallery = filled(kernel, { geometry, p: 8191, rowsMax: 700, readersMax: 1, memoryBytesMax: 6 * 65_536 }, rows);
    const handle = gallery.handle();
    expect(handle.memories.length).toBe(3);
    for (const memory of handle.memories as WebAssembly.Memory[]) expect(memory.buffer.byteLength).toBeLessThanOrEqual(6 * 65_536);
    const reader = kernel.attachGallery(handle);
    const probes = [balancedVector(512, 8191, next), balancedVector(512, 8191, next)];
    for (const [from, to] of [[0, 700], [200, 500], [287, 289], [650, 651]] as const) {
      const out = new Uint16Array(2 * (to - from));
      reader.products(probes.map((probe) => reader.prepareProbe(probe)), from, to, out);
      expect([...out]).toEqual(exactProducts(geometry, 8191, probes, rows.slice(from, to)));
    }
    rows[600] = balancedVector(512, 8191, next);
    gallery.replace(600, rows[600]);
    expect(productsOf(gallery, probes, 599, 602)).toEqual(exactProducts(geometry, 8191, probes, rows.slice(599, 602)));
    expect(() => kernel.createGallery({ geometry, p: 8191, memoryBytesMax: 65_536 })).toThrow(expect.objectContaining({ code: 'kernel.out-of-memory' }));
  });

  test('keeps nothing of a row, probe or product in its work space', async () => {
    const next = seededUint32(12);
    const gallery = (await loadKernel()).createGallery({ geometry: palmGeometry, p: 8191, rowsMax: 64 });
    const [memory] = wasmMemories(gallery);
    const below = memory!.buffer.byteLength; // rows come above what there is before the first
    const before = new Uint8Array(memory!.buffer.slice(0, below));
    for (let i = 0; i < 40; i++) gallery.append(balancedVector(4096, 8191, next));
    gallery.replace(3, balancedVector(4096, 8191, next));
    productsOf(gallery, Array.from({ length: 3 }, () => balancedVector(4096, 8191, next)));
    const after = new Uint8Array(memory!.buffer, 0, below);
    // What may differ: the count of rows and the 21 words of a pass, all of them addresses and sizes.
    expect(before.filter((byte, i) => byte !== after[i]).length).toBeLessThanOrEqual(22 * 4);
  });

  test('one work space serves one thread at a time', async () => {
    const options = { geometry: vector(8), p: 8191, rowsMax: 1, readersMax: 1 };
    const gallery = filled(await loadKernel(), options, [new Int16Array(8)]);
    const probe = gallery.prepareProbe(new Int16Array(8));
    const [memory] = wasmMemories(gallery);
    const lock = mapMemory(planRows(options.geometry, 8191, 'plain'), 1, MEMORY_BYTES_MAX).workSpace(0).pass.at >> 2;
    const words = new Int32Array(memory!.buffer);
    Atomics.store(words, lock, 1);
    expect(() => gallery.products([probe], 0, 1, new Uint16Array(1))).toThrow(expect.objectContaining({ code: 'kernel.busy' }));
    Atomics.store(words, lock, 0);
    gallery.products([probe], 0, 1, new Uint16Array(1));
  });
});

describe('layouts', () => {
  test('a row takes what the plan says: a palm 9,216 bytes as evaluations, an iris 44,544, an embedding 1,024', async () => {
    const kernel = await loadKernel();
    const bytes = (geometry: RowGeometry, p: number) => {
      const { layout, rowBytes } = kernel.createGallery({ geometry, p, rowsMax: 1 });
      return [layout, rowBytes];
    };
    expect(bytes(palmGeometry, 8191)).toEqual(['evaluations', 9216]);
    expect(bytes(irisGeometry, 65521)).toEqual(['evaluations', 44_544]);
    expect(bytes(vector(512), 8191)).toEqual(['plain', 1024]);
    expect(bytes(vector(19_200), 65521)).toEqual(['plain', 38_400]);
    expect(bytes(grid(1, 4, 4, 'zero', [{ dy: 0, dx: 0 }]), 8191)[0]).toBe('plain');
  });
});

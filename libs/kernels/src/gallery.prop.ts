import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seededUint32 } from '@boop/testing';
import { coordinatesOf, type GridGeometry, type RowGeometry, type Shift } from './geometry.ts';
import { type Kernel, loadKernel, twinKernel } from './index.ts';
import { exactProducts } from './testing/reference.ts';

const vector: fc.Arbitrary<RowGeometry> = fc.integer({ min: 1, max: 1100 }).map((coordinates) => ({ kind: 'vector', coordinates }));

/** Planes apart or interleaved, some followed by a segment of masks; shifts in any order, with gaps. */
const grids: fc.Arbitrary<GridGeometry> = fc
  .record({ planes: fc.integer({ min: 1, max: 4 }), masks: fc.integer({ min: 0, max: 2 }), rows: fc.integer({ min: 1, max: 40 }), columns: fc.integer({ min: 1, max: 40 }), interleaved: fc.boolean(), edge: fc.constantFrom('zero' as const, 'cyclic-columns' as const) })
  .chain(({ planes, masks, rows, columns, interleaved, edge }) => {
    const size = rows * columns;
    const code = interleaved ? { planeStride: 1, rowStride: columns * planes, columnStride: planes } : { planeStride: size, rowStride: columns, columnStride: 1 };
    const segments = [{ offset: 0, planes, ...code }, ...(masks ? [{ offset: planes * size, planes: masks, planeStride: size, rowStride: columns, columnStride: 1 }] : [])];
    const reach = (size: number) => fc.integer({ min: -Math.min(size - 1, 4), max: Math.min(size - 1, 4) });
    const shift: fc.Arbitrary<Shift> = fc.record({ dy: reach(rows), dx: reach(columns) });
    return fc.uniqueArray(shift, { minLength: 1, maxLength: 12, selector: ({ dy, dx }) => `${dy} ${dx}` }).map((shifts) => ({ kind: 'grid', rows, columns, edge, segments, shifts }));
  });

const cases = fc.record({
  geometry: fc.oneof(vector, grids),
  p: fc.constantFrom(8191, 65521),
  evaluations: fc.boolean(),
  rows: fc.integer({ min: 1, max: 40 }),
  probes: fc.integer({ min: 1, max: 8 }),
  extremes: fc.boolean(),
  seed: fc.nat(),
});

test('WASM, TypeScript and the definition agree on random geometries in both layouts and fields', async () => {
  const kernels: Kernel[] = [await loadKernel(), twinKernel()];
  let evaluated = 0;
  fc.assert(
    fc.property(cases, ({ geometry, p, evaluations, rows: rowCount, probes: probeCount, extremes, seed }) => {
      const next = seededUint32(seed);
      const end = (p - 1) / 2;
      const value = (): number => (extremes ? [end, -end, 0, end - 1][next() % 4]! : (next() % p) - end);
      const vectors = (count: number): Int16Array[] => Array.from({ length: count }, () => Int16Array.from({ length: coordinatesOf(geometry) }, value));
      const size = coordinatesOf(geometry) * (geometry.kind === 'vector' ? 1 : geometry.shifts.length);
      const rows = vectors(Math.max(1, Math.min(rowCount, Math.floor(100_000 / size))));
      const probes = vectors(Math.max(1, Math.min(probeCount, Math.floor(300_000 / size / rows.length))));
      const dxs = geometry.kind === 'vector' ? new Set([0]) : new Set(geometry.shifts.map(({ dx }) => dx));
      const layout = evaluations && dxs.size > 1 ? 'evaluations' : 'plain';
      if (layout === 'evaluations') evaluated++;
      const from = next() % rows.length;
      const to = from + 1 + (next() % (rows.length - from));
      const expected = exactProducts(geometry, p, probes, rows.slice(from, to));
      for (const kernel of kernels) {
        const gallery = kernel.createGallery({ geometry, p, layout, rowsMax: rows.length, readersMax: 0 });
        for (const row of rows) gallery.append(row);
        const out = new Uint16Array(expected.length);
        gallery.products(probes.map((probe) => gallery.prepareProbe(probe)), from, to, out);
        expect([...out]).toEqual(expected);
        // In two parts, each at its place.
        const middle = from + (next() % (to - from + 1));
        out.fill(0);
        for (const [first, end] of [[middle, to], [from, middle]] as const) gallery.products(probes.map((probe) => gallery.prepareProbe(probe)), first, end, out, { outRows: to - from, outRow: first - from });
        expect([...out]).toEqual(expected);
      }
    }),
    { numRuns: 150 },
  );
  // A fifth of the cases, drawn afresh each time: three or fewer of 150 don't come by chance.
  expect(evaluated).toBeGreaterThan(3);
});

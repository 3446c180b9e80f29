import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadKernel, twinKernel } from './index.ts';

test.each([8191, 65521])('WASM and TypeScript agree on anything in range, p = %i', async (p) => {
  const wasm = await loadKernel();
  const twin = twinKernel();
  const end = (p - 1) / 2;
  const coordinate = fc.oneof(fc.integer({ min: -end, max: end }), fc.constantFrom(-end, end, 0, 1, -1));
  const shape = fc.record({ rows: fc.integer({ min: 0, max: 40 }), shifts: fc.integer({ min: 1, max: 12 }), coordinates: fc.integer({ min: 1, max: 70 }) });
  const cases = shape.chain(({ rows, shifts, coordinates }) =>
    fc.record({
      rows: fc.constant(rows),
      shifts: fc.constant(shifts),
      coordinates: fc.constant(coordinates),
      probes: fc.array(coordinate, { minLength: shifts * coordinates, maxLength: shifts * coordinates }),
      gallery: fc.array(coordinate, { minLength: rows * coordinates, maxLength: rows * coordinates }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ rows, shifts, coordinates, probes, gallery }) => {
      const args = [Int16Array.from(probes), shifts, Int16Array.from(gallery), rows, coordinates, p] as const;
      expect(wasm.innerProducts(...args)).toEqual(twin.innerProducts(...args));
    }),
    { numRuns: 60 },
  );
});

test('passes over shifts and rows join without a seam', async () => {
  // 17 shifts of 64 Ki coordinates don't fit the probe area at once; 40 rows of them don't fit one copy.
  const wasm = await loadKernel();
  const [rows, shifts, coordinates] = [40, 17, 65_536];
  const probes = new Int16Array(shifts * coordinates);
  const gallery = new Int16Array(rows * coordinates);
  for (let s = 0; s < shifts; s++) probes[s * coordinates + coordinates - 1] = s + 1;
  for (let r = 0; r < rows; r++) gallery[r * coordinates + coordinates - 1] = r + 1;
  const products = wasm.innerProducts(probes, shifts, gallery, rows, coordinates, 8191);
  expect([...products]).toEqual(Array.from({ length: rows * shifts }, (_, i) => (Math.floor(i / shifts) + 1) * ((i % shifts) + 1)));
});

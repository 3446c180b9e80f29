import { describe, expect, test } from '@jest/globals';
import { seededUint32 } from '@boop/testing';
import { type Kernel, loadKernel, twinKernel } from './index.ts';

const kernels: [string, () => Promise<Kernel>][] = [
  ['wasm', loadKernel],
  ['twin', () => Promise.resolve(twinKernel())],
];
const moduli = [8191, 65521];

/** Oracle apart from both kernels: exact integers. */
function exact(probes: Int16Array, shifts: number, gallery: Int16Array, rows: number, coordinates: number, p: number): number[] {
  const out: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < shifts; s++) {
      let sum = 0n;
      for (let i = 0; i < coordinates; i++) sum += BigInt(gallery[r * coordinates + i]!) * BigInt(probes[s * coordinates + i]!);
      out.push(Number(((sum % BigInt(p)) + BigInt(p)) % BigInt(p)));
    }
  }
  return out;
}

function balancedVector(length: number, p: number, next: () => number): Int16Array {
  return Int16Array.from({ length }, () => (next() % p) - (p - 1) / 2);
}

describe.each(kernels)('the %s kernel', (_, load) => {
  test.each(moduli)('equals exact arithmetic on random vectors of awkward sizes, p = %i', async (p) => {
    const kernel = await load();
    const next = seededUint32(p);
    for (const [rows, shifts, coordinates] of [[1, 1, 1], [2, 5, 8], [3, 6, 9], [17, 7, 511], [5, 11, 513], [33, 2, 1030], [0, 3, 16], [1, 25, 4096]] as const) {
      const probes = balancedVector(shifts * coordinates, p, next);
      const gallery = balancedVector(rows * coordinates, p, next);
      const expected = exact(probes, shifts, gallery, rows, coordinates, p);
      expect([...kernel.innerProducts(probes, shifts, gallery, rows, coordinates, p)]).toEqual(expected);
      const resident = kernel.createGallery(coordinates, p);
      for (let r = 0; r < rows; r++) expect(resident.append(gallery.subarray(r * coordinates, (r + 1) * coordinates))).toBe(r);
      expect(resident.rows).toBe(rows);
      expect([...resident.innerProducts(probes, shifts, 0, rows)]).toEqual(expected);
    }
  });

  test.each(moduli)('does not overflow at the extremes of the range, p = %i', async (p) => {
    const kernel = await load();
    const end = (p - 1) / 2;
    const coordinates = 25_600;
    for (const [a, b] of [[end, end], [-end, end], [-end, -end], [end, -end]] as const) {
      const probes = new Int16Array(coordinates * 6).fill(a);
      const gallery = new Int16Array(coordinates * 3).fill(b);
      const expected = Number((((BigInt(a) * BigInt(b) * BigInt(coordinates)) % BigInt(p)) + BigInt(p)) % BigInt(p));
      expect(new Set(kernel.innerProducts(probes, 6, gallery, 3, coordinates, p))).toEqual(new Set([expected]));
    }
  });

  test('a resident gallery sees new and replaced rows, and multiplies any range', async () => {
    const kernel = await load();
    const next = seededUint32(4);
    const gallery = kernel.createGallery(100, 8191);
    const rows = Array.from({ length: 700 }, () => balancedVector(100, 8191, next));
    for (const row of rows) gallery.append(row);
    rows[37] = new Int16Array(100);
    gallery.replace(37, rows[37]);
    const probes = balancedVector(300, 8191, next);
    const expected = exact(probes, 3, Int16Array.from(rows.flatMap((row) => [...row])), 700, 100, 8191);
    for (const [from, to] of [[0, 700], [37, 38], [5, 5], [123, 456], [699, 700]] as const) {
      expect([...gallery.innerProducts(probes, 3, from, to)]).toEqual(expected.slice(from * 3, to * 3));
    }
    expect([...gallery.innerProducts(probes, 3, 37, 38)]).toEqual([0, 0, 0]);
  });

  test('refuses wrong dimensions and moduli', async () => {
    const kernel = await load();
    const code = (name: string) => expect.objectContaining({ code: name });
    const v = (n: number) => new Int16Array(n);
    expect(() => kernel.innerProducts(v(15), 2, v(8), 1, 8, 8191)).toThrow(code('kernel.dimensions'));
    expect(() => kernel.innerProducts(v(16), 2, v(9), 1, 8, 8191)).toThrow(code('kernel.dimensions'));
    expect(() => kernel.innerProducts(v(0), 0, v(8), 1, 8, 8191)).toThrow(code('kernel.dimensions'));
    expect(() => kernel.innerProducts(v(8), 1, v(8), 1, 8, 8209)).toThrow(code('kernel.modulus'));
    expect(() => kernel.createGallery(0, 8191)).toThrow(code('kernel.dimensions'));
    const gallery = kernel.createGallery(8, 8191);
    expect(() => gallery.append(v(7))).toThrow(code('kernel.dimensions'));
    expect(() => gallery.replace(0, v(8))).toThrow(code('kernel.dimensions'));
    expect(() => gallery.innerProducts(v(8), 1, 0, 1)).toThrow(code('kernel.dimensions'));
  });
});

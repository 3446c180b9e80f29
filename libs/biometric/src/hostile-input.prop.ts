import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encode as encodePng } from 'fast-png';
import { isBoopError } from '@boop/shared';
import { CELLS } from './compcode/format.ts';
import { encodeTemplate, parseTemplate } from './container.ts';
import { encodePalm } from './encode-palm.ts';
import { decodeImage } from './image/decode-image.ts';
import { qualityReasons } from './quality.ts';
import { syntheticPalm } from './synthetic/synthetic-palm.ts';
import { fromOrientations, toOrientations, validCells, VALID_CELLS_MIN } from './template.ts';

const palm = syntheticPalm({ identity: 8, position: 'left-palm', capture: 0 });
const png = encodePng({ width: 128, height: 128, data: palm.pixels, channels: 1, depth: 8 });
const { template, quality } = encodePalm(palm);
const container = encodeTemplate(template, { position: 'left-palm', quality, captureTimeMs: 1 });

/** The error code, or the value: anything but a BoopError escapes and fails the test. */
function outcome<T>(run: () => T): { code: string } | { value: T } {
  try {
    return { value: run() };
  } catch (error) {
    if (isBoopError(error)) return { code: error.code };
    throw error;
  }
}

/** A good file with some bytes overwritten, cut off or appended. */
const damaged = (good: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      edits: fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
      early: fc.array(fc.tuple(fc.nat(Math.min(80, good.length - 1)), fc.nat(255)), { maxLength: 3 }),
      end: fc.option(fc.nat(good.length), { nil: undefined }),
    })
    .map(({ edits, early, end }) => {
      const copy = good.slice();
      for (const [at, value] of [...edits, ...early]) copy[at] = value;
      return copy.subarray(0, end);
    });

const bmp = (() => {
  const out = new Uint8Array(1078 + 16384);
  const view = new DataView(out.buffer);
  out.set([0x42, 0x4d]);
  view.setUint32(10, 1078, true);
  view.setUint32(14, 40, true);
  view.setUint32(18, 128, true);
  view.setUint32(22, 128, true);
  view.setUint16(28, 8, true);
  for (let i = 0; i < 256; i++) out.fill(i, 54 + 4 * i, 57 + 4 * i);
  out.set(palm.pixels, 1078);
  return out;
})();

describe('hostile input', () => {
  test('the good files are good', () => {
    expect(decodeImage(png).pixels).toEqual(palm.pixels);
    expect(decodeImage(bmp).width).toBe(128);
  });

  test('an image decodes or fails with its own code', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), damaged(png), damaged(bmp)), (bytes) => {
        const result = outcome(() => decodeImage(bytes));
        if ('code' in result) expect(['capture.unreadable', 'capture.unsupported-format', 'capture.too-large']).toContain(result.code);
        else expect(result.value.pixels).toHaveLength(result.value.width * result.value.height);
      }),
      { numRuns: 600 },
    );
  });

  test('bytes that parse as a template are its canonical bytes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 500 }), damaged(container)), (bytes) => {
        const result = outcome(() => parseTemplate(bytes));
        if ('code' in result) expect(result.code).toMatch(/^template\.(malformed|unknown-encoder|impossible-values|too-few-valid)$/);
        else expect(encodeTemplate(result.value.template, result.value.header)).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test('any template and header survive the container', () => {
    const orientations = fc.uint8Array({ minLength: CELLS, maxLength: CELLS, max: 6 }).filter((o) => o.filter((v) => v < 6).length >= VALID_CELLS_MIN);
    const header = fc.record({
      position: fc.constantFrom('left-palm' as const, 'right-palm' as const),
      quality: fc.record({ score: fc.nat(100), reasons: fc.subarray([...qualityReasons]) }),
      captureTimeMs: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(orientations, header, (map, head) => {
        const original = fromOrientations(map);
        expect(toOrientations(original)).toEqual(map);
        expect(parseTemplate(encodeTemplate(original, head))).toEqual({ template: original, header: head });
      }),
      { numRuns: 60 },
    );
  });

  test('any 128×128 pixels encode, with a quality in range', () => {
    const texture = fc.record({ low: fc.nat(255), high: fc.nat(255), block: fc.constantFrom(1, 2, 8, 64, 16384) });
    fc.assert(
      fc.property(texture, fc.uint8Array({ minLength: 64, maxLength: 64 }), ({ low, high, block }, bytes) => {
        const pixels = Uint8Array.from({ length: 16384 }, (_, i) => low + ((high - low) * bytes[Math.floor(i / block) % 64]!) / 255);
        const encoded = encodePalm({ width: 128, height: 128, pixels });
        expect(Number.isInteger(encoded.quality.score)).toBe(true);
        expect(encoded.quality.score).toBeGreaterThanOrEqual(0);
        expect(encoded.quality.score).toBeLessThanOrEqual(100);
        expect(encoded.quality.reasons.length > 0).toBe(encoded.quality.score < 80);
        expect(validCells(encoded.template)).toBeLessThanOrEqual(CELLS);
      }),
      { numRuns: 150 },
    );
  });
});

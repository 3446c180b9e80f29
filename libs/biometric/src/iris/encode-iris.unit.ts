import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '@boop/shared';
import { type GreyImage } from '../image/grey-image.ts';
import { type EncodedIris, encodeIris } from './encode-iris.ts';
import { CODE_BITS, COLUMNS, ROWS, SCALES } from './format.ts';
import { meanRadius } from './iris-quality.ts';
import { compareIrises } from './iris-score.ts';
import { createIrisTemplate } from './iris-template.ts';
import { type SyntheticEye, syntheticEye } from './synthetic-eye.ts';
import { positionOf } from './testing/position-of.ts';

const captures: { identity: number; rotation: number; eye: SyntheticEye; encoded: EncodedIris }[] = [];
for (const identity of [0, 1, 2]) {
  for (const [capture, rotation] of [[0, 0], [1, 7]] as const) {
    const eye = syntheticEye({ identity, capture, rotation, lid: 0.1 + 0.15 * capture });
    captures.push({ identity, rotation, eye, encoded: encodeIris(eye.image) });
  }
}
const plain = (level: number, width = 320, height = 280): GreyImage => ({ width, height, pixels: new Uint8Array(width * height).fill(level) });
const changed = (image: GreyImage, change: (value: number, at: number) => number): GreyImage => ({ ...image, pixels: image.pixels.map(change) });

describe('the iris encoder', () => {
  test('gives the bytes that every runtime gives', () => {
    expect(toHex(sha256(new Uint8Array(captures[0]!.encoded.template.values)))).toBe('20c5bc05ccac647e9cc6811cd4c0248866934f8039eeec1fb6f984fbd03f9bc6');
  });

  test('finds the pupil within 2 pixels and the limbus within 6, lid or not', () => {
    for (const { eye, encoded } of captures) {
      const { pupil, limbus } = encoded.segmentation;
      for (const off of [pupil.x - eye.pupil.x, pupil.y - eye.pupil.y, meanRadius(pupil) - eye.pupil.r]) expect(Math.abs(off)).toBeLessThan(2);
      for (const off of [limbus.x - eye.limbus.x, limbus.y - eye.limbus.y, meanRadius(limbus) - eye.limbus.r]) expect(Math.abs(off)).toBeLessThan(6);
    }
  });

  test('has no valid pair on the lid, and most of what is below it', () => {
    for (const { eye, encoded } of captures) {
      let visible = 0;
      let valid = 0;
      for (let row = 0; row < ROWS; row++) {
        for (let column = 0; column < COLUMNS; column++) {
          const { x, y } = positionOf(encoded.segmentation, row, column);
          for (let scale = 0; scale < SCALES; scale++) {
            const taken = encoded.template.values[CODE_BITS + (row * COLUMNS + column) * SCALES + scale] === 1;
            if (y < eye.lidAt(x)) expect(taken).toBe(false);
            else {
              visible++;
              if (taken) valid++;
            }
          }
        }
      }
      expect(valid / visible).toBeGreaterThan(0.6);
    }
  });

  test('tells irises apart, and gives the turn of the head as a rotation of columns', () => {
    for (const [i, a] of captures.entries()) {
      for (const b of captures.slice(i + 1)) {
        const { score, rotation } = compareIrises(a.encoded.template, b.encoded.template);
        if (a.identity !== b.identity) expect(score).toBeLessThan(1000);
        else {
          expect(score).toBeGreaterThan(3000);
          expect(Math.abs(rotation + b.rotation - a.rotation)).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  test('keeps its form: what it makes, createIrisTemplate takes', () => {
    const { template } = captures[0]!.encoded;
    expect(createIrisTemplate(template.encoder, template.values)).toEqual(template);
  });

  test('does not see brightness, and hardly contrast', () => {
    const { eye, encoded } = captures[0]!;
    const brighter = encodeIris(changed(eye.image, (value) => Math.min(255, value + 20)));
    expect(compareIrises(encoded.template, brighter.template).score).toBeGreaterThan(12_000);
    const duller = encodeIris(changed(eye.image, (value) => 60 + value * 0.6));
    expect(compareIrises(encoded.template, duller.template).score).toBeGreaterThan(6_000);
  });
});

describe('quality of an iris capture', () => {
  test('says what to do about it', () => {
    const { image, pupil, limbus } = captures[0]!.eye;
    const covered = syntheticEye({ identity: 0, capture: 0, lid: 0.55 }).image;
    const outside = { width: 160, height: 280, pixels: image.pixels.filter((_, at) => at % 320 < 160) };
    const smooth = changed(image, (value, at) => {
      const [x, y] = [(at % 320) - limbus.x, Math.floor(at / 320) - limbus.y];
      const inner = Math.hypot(x + limbus.x - pupil.x, y + limbus.y - pupil.y);
      return Math.hypot(x, y) < limbus.r - 3 && inner > pupil.r + 3 && value < 200 ? 120 : value;
    });
    expect(captures[0]!.encoded.quality).toEqual({ score: 100, reasons: [] });
    expect(encodeIris(plain(128)).quality).toEqual({ score: 0, reasons: ['no-iris'] });
    expect(encodeIris(covered).quality.reasons).toContain('eye-not-open');
    expect(encodeIris(outside).quality.score).toBeLessThan(80);
    expect(encodeIris(smooth).quality.reasons).toContain('blurred');
  });

  test('an eye far away is too far', () => {
    const { image } = captures[0]!.eye;
    const far = plain(200, 320, 280);
    for (let y = 0; y < 140; y++) for (let x = 0; x < 160; x++) far.pixels[(y + 70) * 320 + x + 80] = image.pixels[2 * y * 320 + 2 * x]!;
    expect(encodeIris(far).quality.reasons).toContain('too-far');
  });
});

describe('what is no capture of an eye', () => {
  test.each([
    ['too small', plain(128, 119, 280)],
    ['too large', { width: 1025, height: 280, pixels: new Uint8Array(1025 * 280) }],
    ['fewer pixels than it says', { width: 320, height: 280, pixels: new Uint8Array(99) }],
    ['no whole number of pixels', { width: 320.5, height: 280, pixels: new Uint8Array(320 * 280) }],
  ])('%s is refused', (_, image) => {
    expect(() => encodeIris(image)).toThrow(expect.objectContaining({ code: 'capture.wrong-size' }));
  });
});

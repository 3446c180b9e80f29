import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeImage } from '../image/decode-image.ts';
import { encodeIris } from './encode-iris.ts';
import { CODE_BITS, COLUMNS, ROWS, SCALES } from './format.ts';
import { createIrisTemplate, validPairs } from './iris-template.ts';
import { syntheticEye } from './synthetic-eye.ts';
import { positionOf } from './testing/position-of.ts';

const file = fileURLToPath(new URL('../../../../../shared/data/iris/eye-ir-anonymised.png', import.meta.url));
/** The upper lid's border, read off the picture by eye: x, y in pixels of the capture. */
const lidBorder = [[200, 188], [225, 180], [250, 169], [270, 164], [310, 159], [350, 159], [370, 161], [410, 169], [430, 180], [455, 192]] as const;
const tolerance = 2;

const captures = [
  { name: 'a synthetic eye', image: syntheticEye({ identity: 3, capture: 1, lid: 0.2 }).image, lidAt: syntheticEye({ identity: 3, capture: 1, lid: 0.2 }).lidAt },
  ...(existsSync(file) ? [{ name: 'the anonymised infrared eye', image: decodeImage(readFileSync(file)), lidAt: annotated }] : []),
];

describe.each(captures)('$name', ({ image, lidAt }) => {
  const { template, quality, segmentation } = encodeIris(image);

  test('gives a template that the network takes', () => {
    expect(quality.score).toBeGreaterThanOrEqual(80);
    expect(createIrisTemplate(template.encoder, template.values)).toEqual(template);
    expect(validPairs(template)).toBeGreaterThan(3000);
  });

  test('has nothing of the eyelid in its mask', () => {
    let onLid = 0;
    for (let row = 0; row < ROWS; row++) {
      for (let column = 0; column < COLUMNS; column++) {
        const { x, y } = positionOf(segmentation, row, column);
        const [captureX, captureY] = [x * segmentation.scale, y * segmentation.scale];
        if (captureY + tolerance >= lidAt(captureX)) continue;
        onLid++;
        for (let scale = 0; scale < SCALES; scale++) expect(template.values[CODE_BITS + (row * COLUMNS + column) * SCALES + scale]).toBe(0);
      }
    }
    expect(onLid).toBeGreaterThan(50);
  });
});

function annotated(x: number): number {
  const i = Math.max(1, Math.min(lidBorder.length - 1, lidBorder.findIndex(([at]) => at >= x)));
  const [[x0, y0], [x1, y1]] = [lidBorder[i - 1]!, lidBorder[i]!];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

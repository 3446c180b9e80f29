// Draws where the iris encoder sees iris: borders, lids and the mask of a template, and nothing of the capture itself.
// node --conditions=@boop/source scripts/iris-mask.mjs CAPTURE.png OUT.svg
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeImage, encodeIris } from '@boop/biometric';

const [capture, out] = process.argv.slice(2);
if (capture === undefined || out === undefined) {
  console.error('usage: scripts/iris-mask.mjs CAPTURE OUT.svg');
  process.exit(1);
}
const [ROWS, COLUMNS, CODE_BITS] = [16, 200, 12_800];
const { template, segmentation } = encodeIris(decodeImage(readFileSync(capture)));
const { image, pupil, limbus, eyelids } = segmentation;
const angle = (i) => (2 * Math.PI * i) / COLUMNS;
const onBorder = ({ x, y, radii }, i) => [x + radii[i] * Math.cos(angle(i)), y + radii[i] * Math.sin(angle(i))];
const path = (points) => points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
const border = (curve, colour) => `<path d="${path(Array.from({ length: COLUMNS }, (_, i) => onBorder(curve, i)))}Z" fill="none" stroke="${colour}"/>`;
const reach = Math.max(...limbus.radii) * 1.2;
const lid = (curve) => curve && `<path d="${path(Array.from({ length: 41 }, (_, i) => limbus.x + reach * (i / 20 - 1)).map((x) => [x, curve.apex + curve.bend * (x - curve.middle) ** 2]))}" fill="none" stroke="#c80" stroke-dasharray="4 2"/>`;
const cells = [];
for (let row = 0; row < ROWS; row++) {
  for (let column = 0; column < COLUMNS; column++) {
    const taken = [0, 1].filter((scale) => template.values[CODE_BITS + (row * COLUMNS + column) * 2 + scale] === 1).length;
    if (taken === 0) continue;
    const [[x0, y0], [x1, y1]] = [onBorder(pupil, column), onBorder(limbus, column)];
    const part = 0.04 + 0.88 * ((row + 0.5) / ROWS);
    cells.push(`<circle cx="${(x0 + (x1 - x0) * part).toFixed(1)}" cy="${(y0 + (y1 - y0) * part).toFixed(1)}" r="${taken === 2 ? 1.1 : 0.6}"/>`);
  }
}
const view = [limbus.x - reach, limbus.y - reach, 2 * reach, 2 * reach].map((value) => value.toFixed(0)).join(' ');
writeFileSync(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${view}" width="640" height="640"><rect x="0" y="0" width="${image.width}" height="${image.height}" fill="#eee"/><g fill="#26a">${cells.join('')}</g>${border(pupil, '#b22')}${border(limbus, '#282')}${[lid(eyelids.upper), lid(eyelids.lower)].filter(Boolean).join('')}</svg>\n`);

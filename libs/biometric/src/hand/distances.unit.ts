import { describe, expect, test } from '@jest/globals';
import { opened, squaredDistances } from './distances.ts';

const [WIDTH, HEIGHT] = [13, 9];
const region = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => ((i * 37 + ((i * i) % 11)) % 7 === 0 ? 0 : 1));

/** By definition: the nearest of all pixels outside of the region. */
function nearest(at: number, edge: boolean): number {
  let least = Infinity;
  for (let y = -1; y <= HEIGHT; y++) {
    for (let x = -1; x <= WIDTH; x++) {
      const beyond = x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT;
      if (beyond ? edge : region[y * WIDTH + x] === 0) least = Math.min(least, ((at % WIDTH) - x) ** 2 + (Math.floor(at / WIDTH) - y) ** 2);
    }
  }
  return least;
}

describe('distances', () => {
  test.each([true, false])('are those of the definition, edge %p', (edge) => {
    expect([...squaredDistances(region, WIDTH, HEIGHT, edge)]).toEqual(Array.from(region.keys(), (at) => nearest(at, edge)));
  });

  test('opening cuts a thin bridge and keeps what is wide', () => {
    const side = 40;
    const bridged = Uint8Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      return (y > 3 && y < 36 && (Math.abs(x - 10) <= 6 || Math.abs(x - 30) <= 6)) || (y >= 18 && y <= 20) ? 1 : 0;
    });
    const cut = opened(bridged, side, side, 3);
    expect(cut[19 * side + 20]).toBe(0);
    expect([cut[19 * side + 10], cut[10 * side + 30], cut[8 * side + 5]]).toEqual([1, 1, 1]);
    expect(bridged[19 * side + 20]).toBe(1);
  });
});

import { describe, expect, test } from '@jest/globals';
import { CELLS, GRID, INVALID } from './compcode/format.ts';
import { fuse } from './fuse.ts';
import { stream } from './synthetic/random.ts';
import { type Template, fromOrientations, toOrientations, validCells } from './template.ts';

const random = stream([11]);
const base = Uint8Array.from({ length: CELLS }, () => Math.floor(random.between(0, 6)));
const make = (edit: (orientations: Uint8Array) => void = () => undefined): Template => {
  const copy = base.slice();
  edit(copy);
  return fromOrientations(copy);
};
const moved = (dx: number, dy: number): Template =>
  make((o) => {
    for (let y = 0; y < GRID; y++) {
      for (let x = 0; x < GRID; x++) {
        const inside = y - dy >= 0 && y - dy < GRID && x - dx >= 0 && x - dx < GRID;
        o[y * GRID + x] = inside ? base[(y - dy) * GRID + x - dx]! : INVALID;
      }
    }
  });
const fusedCell = (votes: readonly number[]): number => toOrientations(fuse(votes.map((vote) => make((o) => o.fill(vote, 40, 41)))))[40]!;

describe('fusion', () => {
  test('of equal samples is the sample, also of a single one', () => {
    expect(fuse([make(), make(), make()])).toEqual(make());
    expect(fuse([make()])).toEqual(make());
  });

  test.each([
    [[2, 2, 5], INVALID],
    [[2, 2, 4], 2],
    [[0, 1, 5], 0],
    [[5, 0, 0], 0],
    [[0, 2, 4], INVALID],
    [[INVALID, 3, 3], 3],
    [[INVALID, 1, 4], INVALID],
    [[INVALID, 5, 1], 1],
    [[INVALID, INVALID, 3], INVALID],
  ])('of the votes %j is %i', (votes, orientation) => {
    expect(fusedCell(votes)).toBe(orientation);
  });

  test('aligns displaced samples to the one that fits best', () => {
    const fused = fuse([moved(2, -1), make(), moved(-1, 2)]);
    expect(toOrientations(fused).filter((orientation, cell) => orientation !== INVALID && orientation !== base[cell])).toHaveLength(0);
    expect(validCells(fused)).toBeGreaterThan(28 * 28);
  });

  test('of three strangers has too little in common', () => {
    const stranger = (): Template => fromOrientations(Uint8Array.from({ length: CELLS }, (_, cell) => (cell < 520 ? Math.floor(random.between(0, 6)) : INVALID)));
    expect(() => fuse([stranger(), stranger(), stranger()])).toThrow(expect.objectContaining({ code: 'template.too-few-valid' }));
  });

  test.each([0, 17])('of %i samples is refused', (count) => {
    expect(() => fuse(Array.from({ length: count }, () => make()))).toThrow(expect.objectContaining({ code: 'template.sample-count' }));
  });
});

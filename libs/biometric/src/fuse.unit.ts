import { describe, expect, test } from '@jest/globals';
import { CELLS, GRID, INVALID } from './compcode/format.ts';
import { fuse } from './fuse.ts';
import { score } from './score.ts';
import { stream } from './synthetic/random.ts';
import { type Template, fromOrientations, toOrientations, validCells } from './template.ts';

const random = stream([11]);
const base = Uint8Array.from({ length: CELLS }, () => Math.floor(random.between(0, 6)));
const make = (edit: (orientations: Uint8Array) => void = () => undefined): Template => {
  const copy = base.slice();
  edit(copy);
  return fromOrientations(copy, 'palm-compcode-0');
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
    [[INVALID, 5, 1], INVALID],
    [[INVALID, 5, 0], 0],
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

describe('fusion against turning', () => {
  /** An orientation field that changes slowly, as skin lines do; turned by an angle about the centre of the grid. */
  const field = (degrees: number): Template => {
    const angle = (degrees * Math.PI) / 180;
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    return fromOrientations(
      Uint8Array.from({ length: CELLS }, (_, cell) => {
        const [x, y] = [(cell % GRID) - 15.5, Math.floor(cell / GRID) - 15.5];
        const [u, v] = [cosine * x + sine * y, cosine * y - sine * x];
        return ((Math.floor(3 * Math.sin(u / 2.1) + 2.5 * Math.cos(v / 1.9 + u / 7)) % 6) + 6) % 6;
      }),
    );
  };

  test('a reference fits a turned hand better than a single capture does', () => {
    const reference = fuse([field(0), field(0), field(0)]);
    for (const degrees of [-6, -5, -4, 4, 5, 6]) expect(score(reference, field(degrees))).toBeGreaterThan(score(field(0), field(degrees)));
    expect(score(reference, field(0))).toBeLessThan(score(field(0), field(0)));
  });

  test('drops what is not stable, far from the centre more than near it', () => {
    const mask = toOrientations(fuse([field(0)])).map((orientation) => (orientation === INVALID ? 0 : 1));
    const share = (inside: (radius: number) => boolean): number => {
      const cells = Array.from({ length: CELLS }, (_, cell) => cell).filter((cell) => inside(Math.hypot((cell % GRID) - 15.5, Math.floor(cell / GRID) - 15.5)));
      return cells.reduce((sum, cell) => sum + mask[cell]!, 0) / cells.length;
    };
    expect(share((radius) => radius < 6)).toBeGreaterThan(share((radius) => radius > 14) + 0.1);
  });

  test('puts the reference at the mean of the samples', () => {
    const uniform = fromOrientations(Uint8Array.from({ length: CELLS }, (_, cell) => ((cell % GRID) >= 12 && (cell % GRID) < 20 ? 1 : 4)));
    const at = (dx: number): Template => fromOrientations(Uint8Array.from({ length: CELLS }, (_, cell) => ((cell % GRID) - dx >= 12 && (cell % GRID) - dx < 20 ? 1 : 4)));
    const middle = toOrientations(fuse([uniform, at(2), at(1)]));
    const row = [...middle.subarray(16 * GRID, 17 * GRID)];
    expect([row.indexOf(1), row.lastIndexOf(1)]).toEqual([13, 20]);
  });

  test('samples of two encoder versions do not fuse', () => {
    expect(() => fuse([field(0), make()])).toThrow(expect.objectContaining({ code: 'template.unknown-encoder' }));
  });
});

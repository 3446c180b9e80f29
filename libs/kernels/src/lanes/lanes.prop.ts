import { beforeAll, describe, expect, test } from '@jest/globals';
import { seededUint32 } from '@boop/testing';
import { type LaneArena, laneKernel, loadLaneKernel, twinLaneKernel } from '../index.ts';
import { type LaneKernel, type LaneOps } from './lane-ops.ts';

let wasm: LaneKernel;
beforeAll(async () => {
  wasm = await loadLaneKernel();
});

/** Runs one operation on equal memory in both kernels and compares all of it afterwards. */
function bothAlike(seed: number, bytes: number, fill: (arena: LaneArena, at: number, next: () => number) => void, run: (ops: LaneOps, at: number) => unknown): void {
  const [a, b] = [wasm, twinLaneKernel()].map((kernel) => {
    const arena = kernel.createArena();
    const at = arena.allocate(bytes);
    const next = seededUint32(seed);
    const memory = new Uint32Array(arena.view(at, bytes).buffer, at, bytes / 4);
    for (let i = 0; i < memory.length; i++) memory[i] = next();
    fill(arena, at, next);
    const result = run(arena.ops, at);
    return { result, memory: arena.view(at, bytes).slice() };
  });
  expect(a!.result).toEqual(b!.result);
  expect(Buffer.compare(a!.memory, b!.memory)).toBe(0);
}

const nothing = (): void => undefined;
const fields = [8191, 65521];
const AREA = 1 << 10;

describe.each(fields)('both kernels over F_%i', (p) => {
  const extremes = [0, 1, 2, p - 1, p - 2, (p - 1) / 2, (p + 1) / 2];
  const canonical = (count: number) => (arena: LaneArena, at: number, next: () => number) => {
    for (let area = 0; area < 6; area++) {
      const view = new Uint16Array(arena.view(at, AREA * 8).buffer, at + area * AREA, count);
      for (let i = 0; i < count; i++) view[i] = next() % 4 === 0 ? extremes[next() % extremes.length]! : next() % p;
    }
  };
  const lanes = [128, 384];

  test.each(lanes)('arithmetic on %i lanes', (count) => {
    for (let seed = 1; seed <= 2; seed++) {
      const factors = [...extremes, (seed * 7919) % p];
      const size = AREA * 8;
      bothAlike(seed, size, canonical(count), (ops, at) => ops.addResidues(at, at + AREA, count, p));
      for (const factor of factors) bothAlike(seed, size, canonical(count), (ops, at) => ops.addScaled(at, at + AREA, factor, count, p));
      for (const factor of factors) bothAlike(seed, size, canonical(count), (ops, at) => ops.combine(at, at + AREA, at + 2 * AREA, factor, factors[seed % 7]!, p - 1, at + 3 * AREA, count, p));
      bothAlike(seed, size, canonical(count), (ops, at) => ops.toSlices(at, at + 2 * AREA, count / 8 + 16, count, p));
      for (const ka of extremes) for (const kb of extremes) bothAlike(seed, size, canonical(count), (ops, at) => ops.intervalEnds(at, ka, kb, at + AREA, at + 2 * AREA, at + 3 * AREA, count, p));
    }
  });

  test('packing, any count, and back', () => {
    for (const count of [1, 2, 7, 8, 9, 15, 16, 17, 25, 127, 128, 129, 499]) {
      bothAlike(count, AREA * 8, canonical(count), (ops, at) => {
        ops.pack(at, at + 3 * AREA, count, p);
        return ops.unpack(at + 3 * AREA, at + 4 * AREA, count, p);
      });
      // Random bytes, mostly not canonical: both must say so alike.
      bothAlike(count, AREA * 8, nothing, (ops, at) => ops.unpack(at, at + AREA, count, p));
    }
  });

  test('a packed value outside the field, anywhere, and set padding are noticed', () => {
    for (const kernel of [wasm, twinLaneKernel()]) {
      const arena = kernel.createArena();
      const [values, packed, back] = [arena.allocate(256), arena.allocate(256), arena.allocate(256)];
      for (const count of [9, 25, 33]) {
        for (let bad = -1; bad < count; bad++) {
          const view = new Uint16Array(arena.view(values, 2 * count).buffer, values, count);
          view.fill(1);
          if (bad >= 0) view[bad] = p;
          arena.ops.pack(values, packed, count, p);
          expect(arena.ops.unpack(packed, back, count, p)).toBe(bad < 0 ? 1 : 0);
        }
        if (p !== 8191) continue;
        new Uint16Array(arena.view(values, 2 * count).buffer, values, count).fill(1);
        arena.ops.pack(values, packed, count, p);
        arena.view(packed, 256)[Math.ceil((count * 13) / 8) - 1]! |= 0x80;
        expect(arena.ops.unpack(packed, back, count, p)).toBe(0);
      }
    }
  });

  test('rejection: words outside the field never come out, wherever they are', () => {
    for (const [words, count] of [[64, 64], [64, 40], [40, 64], [9, 9], [8, 3], [0, 5]] as const) {
      for (let seed = 1; seed <= 20; seed++) {
        const fill = (arena: LaneArena, at: number, next: () => number): void => {
          const view = new Uint16Array(arena.view(at, 128).buffer, at, 64);
          for (let i = 0; i < 64; i++) view[i] = [p, 65535, 8191, 0xfff1, 0xdfff, p - 1, 0, next()][next() % (seed % 2 ? 8 : 64)] ?? next();
        };
        for (const kernel of [wasm, twinLaneKernel()]) {
          const arena = kernel.createArena();
          const at = arena.allocate(1024);
          fill(arena, at, seededUint32(seed));
          arena.ops.residues(at, words, at + 256, count, p, at + 512);
          const [read, written] = new Int32Array(arena.view(at + 512, 8).buffer, at + 512, 2);
          const cut = p === 8191 ? 8191 : 65535;
          const source = Array.from(new Uint16Array(arena.view(at, 128).buffer, at, words), (word) => word & cut);
          const expected = source.slice(0, read).filter((word) => word < p);
          expect([...new Uint16Array(arena.view(at + 256, 256).buffer, at + 256, written!)]).toEqual(expected);
          expect(written === count || read === words).toBe(true);
          expect(written!).toBeLessThanOrEqual(count);
        }
      }
    }
  });
});

describe('both kernels on slices', () => {
  test.each([16, 48, 144])('%i bytes', (bytes) => {
    for (let seed = 1; seed <= 4; seed++) {
      const at = (base: number, k: number): number => base + k * 1024;
      bothAlike(seed, 16 * AREA, nothing, (ops, m) => {
        ops.xor(at(m, 0), at(m, 1), at(m, 8), bytes);
        ops.xor3(at(m, 0), at(m, 1), at(m, 2), at(m, 9), bytes);
        ops.not(at(m, 3), at(m, 10), bytes);
        ops.and(at(m, 4), at(m, 5), at(m, 11), bytes);
        ops.addAnd(at(m, 0), at(m, 5), at(m, 12), bytes);
        ops.addProduct3(at(m, 0), at(m, 1), at(m, 2), at(m, 3), at(m, 13), bytes);
        ops.maskedProduct3(at(m, 0), at(m, 1), at(m, 2), at(m, 3), at(m, 4), at(m, 5), at(m, 6), at(m, 7), at(m, 14), bytes);
        return ops.parityAnd(at(m, 0), at(m, 9), bytes);
      });
      bothAlike(seed, 16 * AREA, nothing, (ops, m) => ops.parities3(at(m, 0), at(m, 1), at(m, 2), at(m, 4), 1, at(m, 8), 64, bytes));
      bothAlike(seed, 16 * AREA, nothing, (ops, m) => ops.parities3(at(m, 0), at(m, 1), at(m, 2), at(m, 4), 16, at(m, 8), 40, bytes));
    }
  });

  test('bits from anywhere', () => {
    for (const bit of [0, 1, 7, 8, 9, 63, 131]) {
      for (const count of [1, 5, 8, 9, 55, 56, 57, 64, 127, 128, 200]) {
        bothAlike(bit + count, 4096, nothing, (ops, at) => ops.extractBits(at, bit, count, at + 1024, 64));
      }
    }
  });

  test.each([1, 2, 3, 4, 6, 7, 8])('look-ups in tables of 2^%i', (width) => {
    for (const ones of [0, -1]) {
      for (const bytes of [16, 48]) {
        bothAlike(width + bytes, 1 << 15, nothing, (ops, m) => ops.lookUp(m, 64, width, m + (1 << 14) + 4096, 80, ones, m + (1 << 14), m + (1 << 14) + 1024, bytes));
        bothAlike(width + bytes, 1 << 15, nothing, (ops, m) => ops.lookUp(m, 64, width, m + (1 << 14) + 4096, 80, ones, m + (1 << 14), 0, bytes));
      }
    }
  });
});

test('arenas grow without moving what they hold, and wipe all of it', () => {
  for (const kernel of [wasm, twinLaneKernel()]) {
    const arena = kernel.createArena();
    const first = arena.allocate(100);
    arena.view(first, 100).fill(7);
    const mark = arena.mark();
    const large = arena.allocate(3 << 20);
    arena.view(large, 3 << 20).fill(9);
    expect(arena.view(first, 100).every((byte) => byte === 7)).toBe(true);
    arena.release(mark);
    expect(arena.allocate(1)).toBe(large);
    arena.wipe();
    expect(arena.allocate(1)).toBe(first);
    expect(arena.view(first, 3 << 20).every((byte) => byte === 0)).toBe(true);
  }
});

test('an arena that is given back is wiped and serves again, once', () => {
  for (const kernel of [wasm, twinLaneKernel()]) {
    const arena = kernel.createArena();
    const at = arena.allocate(1000);
    arena.view(at, 1000).fill(5);
    kernel.giveBack(arena);
    kernel.giveBack(arena);
    const again = kernel.createArena();
    expect(again).toBe(arena);
    expect(kernel.createArena()).not.toBe(arena);
    expect(again.view(again.allocate(1000), 1000).every((byte) => byte === 0)).toBe(true);
  }
});

test('the kernel of a thread is one, compiled where the engine can', () => {
  expect(laneKernel()).toBe(laneKernel());
  expect(laneKernel().name).toBe('wasm-simd');
});

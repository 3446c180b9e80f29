// Products of probes with the rows of a gallery, over F_p, p = 8191 or 65521, with 128-bit SIMD.
//
// A vec is one v128 of 8 int16 coordinates. A row is groups x chunks x chunkSteps vecs, zero-padded:
//   plain        one group, 8 coordinates to a vec; the product is the sum over all lanes;
//   evaluations  group k holds points 4k..4k+3 of the lines of pixels, two lines to a vec: lane 2j + h is point 4k + j of
//                line 2 step + h; so the 32-bit lane j of a group's sum is the product at point 4k + j.
// 32 rows make a tile: [group][chunk][block of R rows][step][R], read in one forward stream, then a version word in
// TILE_TAIL bytes. Queries lie as [group][chunk][block of Q queries][step][Q].
//
// p = 8191: |coordinate| <= 4095, a lane adds 2 products a step, a chunk has at most 64 steps: 128 * 4095^2 < 2^31.
// p = 65521: |coordinate| <= 32760, 2 * 32760^2 < 2^31; over at most 2^14 steps the sum mod 2^32 and the sum of high halves
// determine the sum.
import { balanced, canonical, fold13, fold16Wide, sums4 } from './residues';
import { SUM_STRIDE, block1x8, block5x2, wide1x4 } from './generated/blocks';

const TILE_TAIL: usize = 64;

/** What one call does; written by src/work-space.ts in this order. Addresses are bytes. */
@unmanaged class Pass {
  wide: i32;
  /** First tile, bytes of a tile, tiles; in the first only rows from 8 * firstEight, in the last only rows below 8 * lastEight. */
  tile: u32;
  tileBytes: u32;
  tiles: i32;
  firstEight: i32;
  lastEight: i32;
  queries: u32;
  queryBlocks: i32;
  /** Q and R of the register block. */
  blockQueries: i32;
  blockRows: i32;
  groups: i32;
  chunks: i32;
  chunkSteps: i32;
  /** i32x4 [group][query][32], SUM_STRIDE apart. */
  sums: u32;
  /** Queries that count; the rest of the last block is padding. */
  columns: i32;
  /** Products per query; 0 for plain rows. */
  outputs: i32;
  /** i16 [output][weightSteps][8]: product = sum over points of weight * (sum at point). */
  weights: u32;
  weightSteps: i32;
  /** vecs [weightSteps][4 rows]. */
  points: u32;
  /** u16 [query][output][row], outStride bytes apart. */
  out: u32;
  outStride: u32;
}

export function products(at: usize): void {
  const pass = changetype<Pass>(at);
  let tile = <usize>pass.tile;
  let out = <usize>pass.out;
  for (let i = 0; i < pass.tiles; i++) {
    const from = i == 0 ? pass.firstEight : 0;
    const to = i == pass.tiles - 1 ? pass.lastEight : 4;
    const version = tile + <usize>pass.tileBytes - TILE_TAIL;
    // An odd version is a row being replaced; a version that changed, one that was.
    let before: i32;
    do {
      before = atomic.load<i32>(version);
      if (before & 1) continue;
      sumTile(pass, tile, from, to);
      if (pass.outputs) interpolate(pass, from, to, out);
      else finish(pass, from, to, out);
      // A read-modify-write of a word of this thread: no load above it moves below.
      atomic.add<i32>(at, 0);
    } while (before & 1 || atomic.load<i32>(version) != before);
    tile += <usize>pass.tileBytes;
    out += 64;
  }
}

function sumTile(pass: Pass, tile: usize, from: i32, to: i32): void {
  const steps = pass.chunkSteps;
  const rowBlockBytes = <usize>(steps * pass.blockRows) << 4;
  const queryBlockBytes = <usize>(steps * pass.blockQueries) << 4;
  const rowBlocksPerEight = 8 / pass.blockRows;
  const first = from * rowBlocksPerEight, end = to * rowBlocksPerEight;
  const sumsPerBlock = <usize>pass.blockQueries * SUM_STRIDE;
  let queries = <usize>pass.queries;
  let sums = <usize>pass.sums;
  for (let group = 0; group < pass.groups; group++) {
    for (let chunk = 0; chunk < pass.chunks; chunk++) {
      for (let block = first; block < end; block++) {
        const rows = tile + <usize>block * rowBlockBytes;
        let q = queries;
        let s = sums + (<usize>(block * pass.blockRows) << 4);
        for (let i = 0; i < pass.queryBlocks; i++) {
          if (pass.wide) wide1x4(q, rows, steps, s, chunk);
          else if (pass.blockRows == 2) block5x2(q, rows, steps, s, chunk);
          else block1x8(q, rows, steps, s, chunk);
          q += queryBlockBytes;
          s += sumsPerBlock;
        }
      }
      tile += rowBlockBytes * (32 / pass.blockRows);
      queries += queryBlockBytes * pass.queryBlocks;
    }
    sums += sumsPerBlock * pass.queryBlocks;
  }
}

/** Plain rows: each product is the sum of four lanes. */
function finish(pass: Pass, from: i32, to: i32, out: usize): void {
  const wide = pass.wide != 0;
  for (let column = 0; column < pass.columns; column++) {
    for (let eight = from; eight < to; eight++) {
      const s = <usize>pass.sums + <usize>column * SUM_STRIDE + (<usize>eight << 7);
      const low = canonical(sums4(v128.load(s), v128.load(s, 16), v128.load(s, 32), v128.load(s, 48)), wide);
      const high = canonical(sums4(v128.load(s, 64), v128.load(s, 80), v128.load(s, 96), v128.load(s, 112)), wide);
      v128.store(out + (<usize>eight << 4), i16x8.narrow_i32x4_u(low, high));
    }
    out += <usize>pass.outStride;
  }
}

/** Evaluations: products at the points, made balanced, times the weights; four rows at a time. */
function interpolate(pass: Pass, from: i32, to: i32, out: usize): void {
  const wide = pass.wide != 0;
  const groupBytes = <usize>(pass.queryBlocks * pass.blockQueries) * SUM_STRIDE;
  for (let column = 0; column < pass.columns; column++) {
    for (let four = from * 2; four < to * 2; four++) {
      gatherPoints(<usize>pass.sums + <usize>column * SUM_STRIDE + (<usize>four << 6), groupBytes, pass.groups, <usize>pass.points, wide);
      let o = out + (<usize>four << 3);
      let w = <usize>pass.weights;
      for (let output = 0; output < pass.outputs; output++) {
        const v = wide ? weigh16(w, <usize>pass.points, pass.weightSteps) : weigh13(w, <usize>pass.points, pass.weightSteps);
        store<u64>(o, i64x2.extract_lane(i16x8.narrow_i32x4_u(v, v), 0));
        o += <usize>pass.outStride;
        w += <usize>pass.weightSteps << 4;
      }
    }
    out += <usize>pass.outStride * pass.outputs;
  }
}

function gatherPoints(sums: usize, groupBytes: usize, groups: i32, points: usize, wide: bool): void {
  for (let group = 0; group < groups; group += 2) {
    const next = sums + groupBytes;
    const pair = group + 1 < groups;
    for (let row: usize = 0; row < 64; row += 16) {
      const high = pair ? balanced(v128.load(next + row), wide) : i32x4.splat(0);
      v128.store(points + row, i16x8.narrow_i32x4_s(balanced(v128.load(sums + row), wide), high));
    }
    sums = next + groupBytes;
    points += 64;
  }
}

/** At most 32 steps: a lane adds 64 products of at most 4095^2. Up to 16 steps, even four lanes together stay below 2^31. */
function weigh13(w: usize, points: usize, steps: i32): v128 {
  let a = i32x4.splat(0), b = i32x4.splat(0), c = i32x4.splat(0), d = i32x4.splat(0);
  const end = w + (<usize>steps << 4);
  while (w < end) {
    const x = v128.load(w);
    a = i32x4.add(a, i32x4.dot_i16x8_s(x, v128.load(points)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(x, v128.load(points, 16)));
    c = i32x4.add(c, i32x4.dot_i16x8_s(x, v128.load(points, 32)));
    d = i32x4.add(d, i32x4.dot_i16x8_s(x, v128.load(points, 48)));
    w += 16;
    points += 64;
  }
  if (steps > 16) return canonical(sums4(fold13(a), fold13(b), fold13(c), fold13(d)), false);
  return canonical(sums4(a, b, c, d), false);
}

function weigh16(w: usize, points: usize, steps: i32): v128 {
  let a = i32x4.splat(0), b = i32x4.splat(0), c = i32x4.splat(0), d = i32x4.splat(0);
  let ha = i32x4.splat(0), hb = i32x4.splat(0), hc = i32x4.splat(0), hd = i32x4.splat(0);
  const end = w + (<usize>steps << 4);
  while (w < end) {
    const x = v128.load(w);
    let z = i32x4.dot_i16x8_s(x, v128.load(points));
    a = i32x4.add(a, z); ha = i32x4.add(ha, i32x4.shr_s(z, 16));
    z = i32x4.dot_i16x8_s(x, v128.load(points, 16));
    b = i32x4.add(b, z); hb = i32x4.add(hb, i32x4.shr_s(z, 16));
    z = i32x4.dot_i16x8_s(x, v128.load(points, 32));
    c = i32x4.add(c, z); hc = i32x4.add(hc, i32x4.shr_s(z, 16));
    z = i32x4.dot_i16x8_s(x, v128.load(points, 48));
    d = i32x4.add(d, z); hd = i32x4.add(hd, i32x4.shr_s(z, 16));
    w += 16;
    points += 64;
  }
  return canonical(sums4(fold16Wide(a, ha), fold16Wide(b, hb), fold16Wide(c, hc), fold16Wide(d, hd)), true);
}

/**
 * Lines of pixels to their values at the points.
 * lines [2 * pairs][vecs]; matrix [4 * groups points][vecs]; to `target + group * groupBytes + pair * 16`, as in a row.
 */
export function evaluate(lines: usize, pairs: i32, vecs: i32, matrix: usize, groups: i32, target: usize, groupBytes: usize, wide: i32): void {
  const lineBytes = <usize>vecs << 4;
  for (let pair = 0; pair < pairs; pair++) {
    let m = matrix;
    for (let group = 0; group < groups; group++) {
      const low = wide ? fourPoints16(m, lines, lineBytes) : fourPoints13(m, lines, lineBytes);
      const high = wide ? fourPoints16(m, lines + lineBytes, lineBytes) : fourPoints13(m, lines + lineBytes, lineBytes);
      const v = i16x8.narrow_i32x4_s(low, high);
      v128.store(target + <usize>group * groupBytes + (<usize>pair << 4), v128.shuffle<i16>(v, v, 0, 4, 1, 5, 2, 6, 3, 7));
      m += lineBytes * 4;
    }
    lines += lineBytes * 2;
  }
}

/** At most 32 steps, as in weigh13. */
function fourPoints13(m: usize, line: usize, lineBytes: usize): v128 {
  let a = i32x4.splat(0), b = i32x4.splat(0), c = i32x4.splat(0), d = i32x4.splat(0);
  const end = line + lineBytes;
  const m1 = lineBytes, m2 = lineBytes * 2, m3 = lineBytes * 3;
  while (line < end) {
    const x = v128.load(line);
    a = i32x4.add(a, i32x4.dot_i16x8_s(x, v128.load(m)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(x, v128.load(m + m1)));
    c = i32x4.add(c, i32x4.dot_i16x8_s(x, v128.load(m + m2)));
    d = i32x4.add(d, i32x4.dot_i16x8_s(x, v128.load(m + m3)));
    line += 16;
    m += 16;
  }
  return balanced(sums4(fold13(a), fold13(b), fold13(c), fold13(d)), false);
}

function fourPoints16(m: usize, line: usize, lineBytes: usize): v128 {
  let a = i32x4.splat(0), b = i32x4.splat(0), c = i32x4.splat(0), d = i32x4.splat(0);
  let ha = i32x4.splat(0), hb = i32x4.splat(0), hc = i32x4.splat(0), hd = i32x4.splat(0);
  const end = line + lineBytes;
  const m1 = lineBytes, m2 = lineBytes * 2, m3 = lineBytes * 3;
  while (line < end) {
    const x = v128.load(line);
    let z = i32x4.dot_i16x8_s(x, v128.load(m));
    a = i32x4.add(a, z); ha = i32x4.add(ha, i32x4.shr_s(z, 16));
    z = i32x4.dot_i16x8_s(x, v128.load(m + m1));
    b = i32x4.add(b, z); hb = i32x4.add(hb, i32x4.shr_s(z, 16));
    z = i32x4.dot_i16x8_s(x, v128.load(m + m2));
    c = i32x4.add(c, z); hc = i32x4.add(hc, i32x4.shr_s(z, 16));
    z = i32x4.dot_i16x8_s(x, v128.load(m + m3));
    d = i32x4.add(d, z); hd = i32x4.add(hd, i32x4.shr_s(z, 16));
    line += 16;
    m += 16;
  }
  return balanced(sums4(fold16Wide(a, ha), fold16Wide(b, hb), fold16Wide(c, hc), fold16Wide(d, hd)), true);
}

/** Vecs of one row or query to every `width`-th place: number `index` of `blocks` blocks of `width`, chunk by chunk. */
export function interleave(source: usize, target: usize, index: i32, width: i32, blocks: i32, chunks: i32, chunkSteps: i32): void {
  const step = <usize>width << 4;
  const chunkBytes = step * chunkSteps * blocks;
  target += step * chunkSteps * (index / width) + (<usize>(index % width) << 4);
  for (let chunk = 0; chunk < chunks; chunk++) {
    let t = target;
    for (let i = 0; i < chunkSteps; i++) {
      v128.store(t, v128.load(source));
      source += 16;
      t += step;
    }
    target += chunkBytes;
  }
}

/** Puts another row into place `index` of a tile that threads may be reading. */
export function replace(source: usize, tile: usize, tileBytes: usize, index: i32, width: i32, chunks: i32, chunkSteps: i32): void {
  const version = tile + tileBytes - TILE_TAIL;
  atomic.add<i32>(version, 1);
  interleave(source, tile, index, width, 32 / width, chunks, chunkSteps);
  atomic.add<i32>(version, 1);
}

/** Zeros; an order of magnitude faster than a typed array fills shared memory. */
export function wipe(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}

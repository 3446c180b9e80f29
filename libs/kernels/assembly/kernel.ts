// Inner products of int16 vectors over F_p, p = 8191 or 65521, with 128-bit SIMD.
//
// Layouts (vec = one v128 of 8 int16 coordinates; vecs = vecs per row, rows are padded with zeros to whole vecs):
//   probes   per group of G shifts (first groups of 5 or 2, then single shifts): [vec][G]
//   gallery  [row][vec], an even number of readable rows
//   out      u16 [row][shift], canonical
//   scratch  i32x4 [ROWS_PER_BLOCK][shift] partial sums, then one register block
//
// p = 8191: |coordinate| <= 4095, so a pair sum is <= 2 * 4095^2 and CHUNK = 64 of them stay below 2^31.
// p = 65521: |coordinate| <= 32760 and one pair sum already fills 31 bits, so the wrapping sum and the sum of the high
// halves are kept: sum of low halves = wrapping sum - (high << 16), below 2^22 over a chunk.

const CHUNK: i32 = 64;
const ROWS_PER_BLOCK: i32 = 16;

// @ts-ignore: decorator
@inline function fold13(x: v128): v128 {
  return i32x4.add(v128.and(x, i32x4.splat(8191)), i32x4.shr_s(x, 13));
}
// @ts-ignore: decorator
@inline function fold16(x: v128): v128 {
  return i32x4.add(v128.and(x, i32x4.splat(0xffff)), i32x4.mul(i32x4.shr_s(x, 16), i32x4.splat(15)));
}
// @ts-ignore: decorator
@inline function fold16Wide(wrapped: v128, high: v128): v128 {
  return i32x4.add(i32x4.sub(wrapped, i32x4.shl(high, 16)), fold16(i32x4.mul(fold16(high), i32x4.splat(15))));
}
// @ts-ignore: decorator
@inline function dot(a: v128, b: v128): v128 {
  return i32x4.dot_i16x8_s(a, b);
}
// @ts-ignore: decorator
@inline function accumulate(at: usize, x: v128): void {
  v128.store(at, i32x4.add(v128.load(at), x));
}

/** 5 shifts x 2 rows, p = 8191. Adds the folded sums at d0 (row 0) and d1 (row 1), 16 bytes per shift. */
function block5x2(q: usize, r0: usize, r1: usize, steps: i32, d0: usize, d1: usize): void {
  let a0 = i32x4.splat(0), a1 = i32x4.splat(0), a2 = i32x4.splat(0), a3 = i32x4.splat(0), a4 = i32x4.splat(0);
  let b0 = i32x4.splat(0), b1 = i32x4.splat(0), b2 = i32x4.splat(0), b3 = i32x4.splat(0), b4 = i32x4.splat(0);
  const end = r0 + (<usize>steps << 4);
  while (r0 < end) {
    const g = v128.load(r0), h = v128.load(r1);
    let x = v128.load(q);
    a0 = i32x4.add(a0, dot(x, g)); b0 = i32x4.add(b0, dot(x, h));
    x = v128.load(q, 16);
    a1 = i32x4.add(a1, dot(x, g)); b1 = i32x4.add(b1, dot(x, h));
    x = v128.load(q, 32);
    a2 = i32x4.add(a2, dot(x, g)); b2 = i32x4.add(b2, dot(x, h));
    x = v128.load(q, 48);
    a3 = i32x4.add(a3, dot(x, g)); b3 = i32x4.add(b3, dot(x, h));
    x = v128.load(q, 64);
    a4 = i32x4.add(a4, dot(x, g)); b4 = i32x4.add(b4, dot(x, h));
    q += 80; r0 += 16; r1 += 16;
  }
  accumulate(d0, fold13(a0)); accumulate(d0 + 16, fold13(a1)); accumulate(d0 + 32, fold13(a2)); accumulate(d0 + 48, fold13(a3)); accumulate(d0 + 64, fold13(a4));
  accumulate(d1, fold13(b0)); accumulate(d1 + 16, fold13(b1)); accumulate(d1 + 32, fold13(b2)); accumulate(d1 + 48, fold13(b3)); accumulate(d1 + 64, fold13(b4));
}

/** 1 shift x 2 rows, p = 8191. */
function block1x2(q: usize, r0: usize, r1: usize, steps: i32, d0: usize, d1: usize): void {
  let a = i32x4.splat(0), b = i32x4.splat(0);
  const end = r0 + (<usize>steps << 4);
  while (r0 < end) {
    const x = v128.load(q);
    a = i32x4.add(a, dot(x, v128.load(r0))); b = i32x4.add(b, dot(x, v128.load(r1)));
    q += 16; r0 += 16; r1 += 16;
  }
  accumulate(d0, fold13(a)); accumulate(d1, fold13(b));
}

/** 2 shifts x 2 rows, p = 65521. */
function wide2x2(q: usize, r0: usize, r1: usize, steps: i32, d0: usize, d1: usize): void {
  let a0 = i32x4.splat(0), a1 = i32x4.splat(0), b0 = i32x4.splat(0), b1 = i32x4.splat(0);
  let ha0 = i32x4.splat(0), ha1 = i32x4.splat(0), hb0 = i32x4.splat(0), hb1 = i32x4.splat(0);
  const end = r0 + (<usize>steps << 4);
  while (r0 < end) {
    const g = v128.load(r0), h = v128.load(r1);
    let x = v128.load(q);
    let d = dot(x, g); a0 = i32x4.add(a0, d); ha0 = i32x4.add(ha0, i32x4.shr_s(d, 16));
    d = dot(x, h); b0 = i32x4.add(b0, d); hb0 = i32x4.add(hb0, i32x4.shr_s(d, 16));
    x = v128.load(q, 16);
    d = dot(x, g); a1 = i32x4.add(a1, d); ha1 = i32x4.add(ha1, i32x4.shr_s(d, 16));
    d = dot(x, h); b1 = i32x4.add(b1, d); hb1 = i32x4.add(hb1, i32x4.shr_s(d, 16));
    q += 32; r0 += 16; r1 += 16;
  }
  accumulate(d0, fold16Wide(a0, ha0)); accumulate(d0 + 16, fold16Wide(a1, ha1));
  accumulate(d1, fold16Wide(b0, hb0)); accumulate(d1 + 16, fold16Wide(b1, hb1));
}

/** 1 shift x 2 rows, p = 65521. */
function wide1x2(q: usize, r0: usize, r1: usize, steps: i32, d0: usize, d1: usize): void {
  let a = i32x4.splat(0), b = i32x4.splat(0), ha = i32x4.splat(0), hb = i32x4.splat(0);
  const end = r0 + (<usize>steps << 4);
  while (r0 < end) {
    const x = v128.load(q);
    let d = dot(x, v128.load(r0)); a = i32x4.add(a, d); ha = i32x4.add(ha, i32x4.shr_s(d, 16));
    d = dot(x, v128.load(r1)); b = i32x4.add(b, d); hb = i32x4.add(hb, i32x4.shr_s(d, 16));
    q += 16; r0 += 16; r1 += 16;
  }
  accumulate(d0, fold16Wide(a, ha)); accumulate(d1, fold16Wide(b, hb));
}

function canonical(at: usize, p: i32): u16 {
  const v = v128.load(at);
  const sum = <i64>i32x4.extract_lane(v, 0) + <i64>i32x4.extract_lane(v, 1) + <i64>i32x4.extract_lane(v, 2) + <i64>i32x4.extract_lane(v, 3);
  const residue = <i32>(sum % <i64>p);
  return <u16>(residue < 0 ? residue + p : residue);
}

/** out[row][shift] for `rows` rows; see the layouts above. `wide` is 1 for p = 65521. */
export function innerProducts(probes: usize, shifts: i32, gallery: usize, rows: i32, vecs: i32, wide: i32, out: usize, scratch: usize): void {
  const group = wide ? 2 : 5;
  const whole = shifts - (shifts % group);
  const rowBytes = <usize>vecs << 4;
  const accRow = <usize>shifts << 4;
  const p = wide ? 65521 : 8191;
  for (let first = 0; first < rows; first += ROWS_PER_BLOCK) {
    const count = min(ROWS_PER_BLOCK, rows - first);
    const even = (count + 1) & ~1;
    memory.fill(scratch, 0, <usize>even * accRow);
    for (let vec = 0; vec < vecs; vec += CHUNK) {
      const steps = min(CHUNK, vecs - vec);
      for (let shift = 0; shift < shifts; ) {
        const size = shift < whole ? group : 1;
        const q = probes + <usize>shift * rowBytes + ((<usize>vec * <usize>size) << 4);
        for (let r = 0; r < even; r += 2) {
          const r0 = gallery + <usize>(first + r) * rowBytes + (<usize>vec << 4);
          const r1 = r0 + rowBytes;
          const d0 = scratch + <usize>r * accRow + (<usize>shift << 4);
          const d1 = d0 + accRow;
          if (wide) {
            if (size > 1) wide2x2(q, r0, r1, steps, d0, d1);
            else wide1x2(q, r0, r1, steps, d0, d1);
          } else {
            if (size > 1) block5x2(q, r0, r1, steps, d0, d1);
            else block1x2(q, r0, r1, steps, d0, d1);
          }
        }
        shift += size;
      }
    }
    for (let r = 0; r < count; r++) {
      for (let shift = 0; shift < shifts; shift++) {
        store<u16>(out, canonical(scratch + <usize>r * accRow + (<usize>shift << 4), p));
        out += 2;
      }
    }
  }
}

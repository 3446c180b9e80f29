// Boolean algebra on slices, one bit per lane (layout: lanes.ts).

/** out = a ^ b. */
export function xor(a: usize, b: usize, out: usize, bytes: usize): void {
  const end = a + bytes;
  while (a < end) { v128.store(out, v128.xor(v128.load(a), v128.load(b))); a += 16; b += 16; out += 16; }
}

/** out = a ^ b ^ c. */
export function xor3(a: usize, b: usize, c: usize, out: usize, bytes: usize): void {
  const end = a + bytes;
  while (a < end) { v128.store(out, v128.xor(v128.xor(v128.load(a), v128.load(b)), v128.load(c))); a += 16; b += 16; c += 16; out += 16; }
}

/** out = ~a. */
export function not(a: usize, out: usize, bytes: usize): void {
  const end = a + bytes;
  while (a < end) { v128.store(out, v128.not(v128.load(a))); a += 16; out += 16; }
}

/** out = a & b. */
export function and(a: usize, b: usize, out: usize, bytes: usize): void {
  const end = a + bytes;
  while (a < end) { v128.store(out, v128.and(v128.load(a), v128.load(b))); a += 16; b += 16; out += 16; }
}

/** target ^= a & b. */
export function addAnd(a: usize, b: usize, target: usize, bytes: usize): void {
  const end = a + bytes;
  while (a < end) { v128.store(target, v128.xor(v128.load(target), v128.and(v128.load(a), v128.load(b)))); a += 16; b += 16; target += 16; }
}

/** target ^= x0 & (y0 ^ y1) ^ x1 & y0: one member's summand of a product where it holds two components. */
export function addProduct3(x0: usize, x1: usize, y0: usize, y1: usize, target: usize, bytes: usize): void {
  const end = x0 + bytes;
  while (x0 < end) {
    const y = v128.load(y0);
    const product = v128.xor(v128.and(v128.load(x0), v128.xor(y, v128.load(y1))), v128.and(v128.load(x1), y));
    v128.store(target, v128.xor(v128.load(target), product));
    x0 += 16; x1 += 16; y0 += 16; y1 += 16; target += 16;
  }
}

/** That product under a fresh mask: message = product ^ mask, kept = message ^ more, other = mask. */
export function maskedProduct3(x0: usize, x1: usize, y0: usize, y1: usize, mask: usize, more: usize, message: usize, kept: usize, other: usize, bytes: usize): void {
  const end = x0 + bytes;
  while (x0 < end) {
    const y = v128.load(y0);
    const product = v128.xor(v128.and(v128.load(x0), v128.xor(y, v128.load(y1))), v128.and(v128.load(x1), y));
    const hiding = v128.load(mask);
    const sent = v128.xor(product, hiding);
    v128.store(message, sent);
    v128.store(kept, v128.xor(sent, v128.load(more)));
    v128.store(other, hiding);
    x0 += 16; x1 += 16; y0 += 16; y1 += 16; mask += 16; more += 16; message += 16; kept += 16; other += 16;
  }
}

/** Parity of all bits of a & b. */
export function parityAnd(a: usize, b: usize, bytes: usize): i32 {
  let sum = i32x4.splat(0);
  const end = a + bytes;
  while (a < end) { sum = v128.xor(sum, v128.and(v128.load(a), v128.load(b))); a += 16; b += 16; }
  return <i32>(popcnt<u64>(i64x2.extract_lane(sum, 0) ^ i64x2.extract_lane(sum, 1)) & 1);
}

/**
 * Parities of the member's summands of bits * random bits, two components each, for `words` combinations whose random bits start
 * `step` bytes apart; one byte of `out` each.
 */
export function parities3(x0: usize, x1: usize, r0: usize, r1: usize, step: usize, out: usize, words: i32, bytes: usize): void {
  for (let k = 0; k < words; k++) {
    let sum = i32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const y = v128.load(r0 + i);
      sum = v128.xor(sum, v128.xor(v128.and(v128.load(x0 + i), v128.xor(y, v128.load(r1 + i))), v128.and(v128.load(x1 + i), y)));
    }
    store<u8>(out, <u8>(popcnt<u64>(i64x2.extract_lane(sum, 0) ^ i64x2.extract_lane(sum, 1)) & 1));
    out += 1; r0 += step; r1 += step;
  }
}

/** `count` bits from bit `bit` on, moved to bit 0 of `to`, zeros up to `bytes`; the source is readable for 8 bytes more. */
export function extractBits(from: usize, bit: i32, count: i32, to: usize, bytes: usize): void {
  from += <usize>(bit >> 3);
  const shift = <u64>(bit & 7);
  const used = <usize>((count + 7) >> 3);
  let at: usize = 0;
  for (; at + 7 <= used; at += 7) {
    const word = load<u64>(from + at) >> shift;
    store<u32>(to + at, <u32>word);
    store<u16>(to + at, <u16>(word >> 32), 4);
    store<u8>(to + at, <u8>(word >> 48), 6);
  }
  for (; at < used; at++) store<u8>(to + at, <u8>(load<u16>(from + at) >> <u16>shift));
  if (count & 7) store<u8>(to + used - 1, <u8>(<i32>load<u8>(to + used - 1) & ((1 << (count & 7)) - 1)));
  memory.fill(to + used, 0, bytes - used);
}

// Look-ups: rows L[1] ... L[2^w - 1] of one digit d, `stride` bytes apart, with L[v] = share of [d < v]; L[0] is 0 and L[2^w] is `ones`.

// @ts-ignore: decorator
@inline function choose(no: v128, yes: v128, s: v128): v128 {
  return v128.xor(no, v128.and(v128.xor(no, yes), s));
}
// @ts-ignore: decorator
@inline function row(table: usize, stride: usize, v: usize, ones: v128, last: usize): v128 {
  return v == 0 ? i32x4.splat(0) : v > last ? ones : v128.load(table + (v - 1) * stride);
}

/**
 * Per lane [d < a] into `less` and, unless `equal` is 0, [d = a] into `equal`, for public digits a in `width` slices from `address` on.
 * `ones` is all ones at one component of the sharing and 0 at the others. width 1 ... 8.
 */
export function lookUp(table: usize, stride: usize, width: i32, address: usize, addressStride: usize, ones: i32, less: usize, equal: usize, bytes: usize): void {
  const full = i32x4.splat(ones);
  const last = (<usize>1 << width) - 1;
  for (let at: usize = 0; at < bytes; at += 16) {
    const column = table + at;
    const s0 = v128.load(address + at);
    if (width == 1) {
      const l1 = v128.load(column);
      v128.store(less + at, v128.and(l1, s0));
      if (equal) v128.store(equal + at, choose(l1, v128.xor(l1, full), s0));
      continue;
    }
    const s1 = v128.load(address + addressStride + at);
    const s2 = width > 2 ? v128.load(address + 2 * addressStride + at) : i32x4.splat(0);
    // Groups of eight (four) entries by multiplexers; further address bits pick a group by its product of literals.
    const size: usize = width > 2 ? 8 : 4;
    let lt = i32x4.splat(0), eq = i32x4.splat(0);
    for (let group: usize = 0; group <= last; group += size) {
      let pick = i32x4.splat(-1);
      for (let k = 3; k < width; k++) {
        const s = v128.load(address + <usize>k * addressStride + at);
        pick = v128.and(pick, (group >> k) & 1 ? s : v128.not(s));
      }
      const l0 = row(column, stride, group, full, last), l1 = row(column, stride, group + 1, full, last), l2 = row(column, stride, group + 2, full, last);
      const l3 = row(column, stride, group + 3, full, last), l4 = row(column, stride, group + 4, full, last);
      let l = choose(choose(l0, l1, s0), choose(l2, l3, s0), s1);
      let e = choose(choose(v128.xor(l0, l1), v128.xor(l1, l2), s0), choose(v128.xor(l2, l3), v128.xor(l3, l4), s0), s1);
      if (width > 2) {
        const l5 = row(column, stride, group + 5, full, last), l6 = row(column, stride, group + 6, full, last);
        const l7 = row(column, stride, group + 7, full, last), l8 = row(column, stride, group + 8, full, last);
        l = choose(l, choose(choose(l4, l5, s0), choose(l6, l7, s0), s1), s2);
        e = choose(e, choose(choose(v128.xor(l4, l5), v128.xor(l5, l6), s0), choose(v128.xor(l6, l7), v128.xor(l7, l8), s0), s1), s2);
      }
      lt = v128.xor(lt, v128.and(l, pick));
      eq = v128.xor(eq, v128.and(e, pick));
    }
    v128.store(less + at, lt);
    if (equal) v128.store(equal + at, eq);
  }
}

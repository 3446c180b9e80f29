// Hot loops of the comparison protocol on shares of many lanes at once, with 128-bit SIMD.
//
// Layouts: a *slice* holds one bit per lane, lane i in bit i mod 8 of byte i >> 3, in whole vectors of 128 lanes;
// residues are u16, one per lane, canonical unless said otherwise. Lane counts are multiples of 128, byte counts of slices
// multiples of 16. `p` is 8191 or 65521. Loop bounds and addresses depend on public values only; the one branch on data is
// the rejection of keystream words outside the field, which says nothing about the words that are kept.

// @ts-ignore: decorator
@inline function addMod(x: v128, y: v128, p: i32): v128 {
  const sum = i16x8.add(x, y);
  if (p == 8191) return i16x8.sub(sum, v128.and(i16x8.ge_u(sum, i16x8.splat(8191)), i16x8.splat(8191)));
  const over = v128.or(i16x8.lt_u(sum, x), i16x8.ge_u(sum, i16x8.splat(-15)));
  return i16x8.add(sum, v128.and(over, i16x8.splat(15)));
}

/**
 * Uniform residues by rejection: 16-bit words from `from`, at most `words` of them, cut to the bits of p - 1; those >= p are
 * dropped. Writes at most `count` residues; the numbers of words read and residues written go to `result` as two i32.
 */
export function residues(from: usize, words: i32, to: usize, count: i32, p: i32, result: usize): void {
  const cut = i16x8.splat(<i16>(p == 8191 ? 8191 : -1));
  const limit = i16x8.splat(<i16>p);
  const start = from;
  const target = to;
  const end = from + (<usize>words << 1);
  const full = to + (<usize>count << 1);
  while (from + 16 <= end && to + 16 <= full) {
    const v = v128.and(v128.load(from), cut);
    if (v128.any_true(i16x8.ge_u(v, limit))) {
      for (let i: usize = 0; i < 16; i += 2) {
        const word = <i32>load<u16>(from + i) & (p == 8191 ? 8191 : 65535);
        store<u16>(to, <u16>word);
        to += word < p ? 2 : 0;
      }
    } else {
      v128.store(to, v);
      to += 16;
    }
    from += 16;
  }
  while (from < end && to < full) {
    const word = <i32>load<u16>(from) & (p == 8191 ? 8191 : 65535);
    from += 2;
    store<u16>(to, <u16>word);
    to += word < p ? 2 : 0;
  }
  store<i32>(result, <i32>((from - start) >> 1));
  store<i32>(result, <i32>((to - target) >> 1), 4);
}

/** target += source, modulo p. */
export function addResidues(target: usize, source: usize, count: i32, p: i32): void {
  const end = target + (<usize>count << 1);
  while (target < end) {
    v128.store(target, addMod(v128.load(target), v128.load(source), p));
    target += 16; source += 16;
  }
}

// @ts-ignore: decorator
@inline function reduce(x: v128, p: i32): v128 {
  if (p == 8191) {
    x = i32x4.add(v128.and(x, i32x4.splat(8191)), i32x4.shr_u(x, 13));
    x = i32x4.add(v128.and(x, i32x4.splat(8191)), i32x4.shr_u(x, 13));
    return i32x4.sub(x, v128.and(i32x4.gt_s(x, i32x4.splat(8190)), i32x4.splat(8191)));
  }
  x = i32x4.add(v128.and(x, i32x4.splat(0xffff)), i32x4.mul(i32x4.shr_u(x, 16), i32x4.splat(15)));
  x = i32x4.add(v128.and(x, i32x4.splat(0xffff)), i32x4.mul(i32x4.shr_u(x, 16), i32x4.splat(15)));
  return i32x4.sub(x, v128.and(i32x4.gt_s(x, i32x4.splat(65520)), i32x4.splat(65521)));
}

// @ts-ignore: decorator
@inline function scaled(x: v128, f: v128, p: i32): v128 {
  return i16x8.narrow_i32x4_u(reduce(i32x4.extmul_low_i16x8_u(x, f), p), reduce(i32x4.extmul_high_i16x8_u(x, f), p));
}

/** target += source * factor, modulo p. */
export function addScaled(target: usize, source: usize, factor: i32, count: i32, p: i32): void {
  const f = i16x8.splat(<i16>factor);
  const end = target + (<usize>count << 1);
  while (target < end) {
    v128.store(target, addMod(v128.load(target), scaled(v128.load(source), f, p), p));
    target += 16; source += 16;
  }
}

/** out = a * wa + b * wb + c * wc, modulo 8191 alone: the three products of canonical residues stay below 2^28. */
function combine8191(a: usize, b: usize, c: usize, wa: i32, wb: i32, wc: i32, out: usize, count: i32): void {
  const fa = i16x8.splat(<i16>wa), fb = i16x8.splat(<i16>wb), fc = i16x8.splat(<i16>wc);
  const end = out + (<usize>count << 1);
  while (out < end) {
    const x = v128.load(a), y = v128.load(b), z = v128.load(c);
    const low = i32x4.add(i32x4.add(i32x4.extmul_low_i16x8_u(x, fa), i32x4.extmul_low_i16x8_u(y, fb)), i32x4.extmul_low_i16x8_u(z, fc));
    const high = i32x4.add(i32x4.add(i32x4.extmul_high_i16x8_u(x, fa), i32x4.extmul_high_i16x8_u(y, fb)), i32x4.extmul_high_i16x8_u(z, fc));
    v128.store(out, i16x8.narrow_i32x4_u(reduce(low, 8191), reduce(high, 8191)));
    a += 16; b += 16; c += 16; out += 16;
  }
}

/** out = a * wa + b * wb + c * wc, modulo p. */
export function combine(a: usize, b: usize, c: usize, wa: i32, wb: i32, wc: i32, out: usize, count: i32, p: i32): void {
  if (p == 8191) {
    combine8191(a, b, c, wa, wb, wc, out, count);
    return;
  }
  const fa = i16x8.splat(<i16>wa), fb = i16x8.splat(<i16>wb), fc = i16x8.splat(<i16>wc);
  const end = out + (<usize>count << 1);
  while (out < end) {
    v128.store(out, addMod(addMod(scaled(v128.load(a), fa, p), scaled(v128.load(b), fb, p), p), scaled(v128.load(c), fc, p), p));
    a += 16; b += 16; c += 16; out += 16;
  }
}

/** Bits of sixteen u16 lanes, one by one, into slices `stride` bytes apart. */
// @ts-ignore: decorator
@inline function slice16(v: v128, w: v128, to: usize, stride: usize, bits: i32): void {
  const byte = i16x8.splat(255);
  let low = i8x16.narrow_i16x8_u(v128.and(v, byte), v128.and(w, byte));
  let high = i8x16.narrow_i16x8_u(i16x8.shr_u(v, 8), i16x8.shr_u(w, 8));
  let at = to + stride * 7;
  for (let k = 0; k < 8; k++) {
    store<u16>(at, <u16>i8x16.bitmask(low));
    low = i8x16.add(low, low);
    at -= stride;
  }
  if (bits == 13) {
    high = i8x16.shl(high, 3);
    at = to + stride * 12;
    for (let k = 0; k < 5; k++) {
      store<u16>(at, <u16>i8x16.bitmask(high));
      high = i8x16.add(high, high);
      at -= stride;
    }
  } else {
    at = to + stride * 15;
    for (let k = 0; k < 8; k++) {
      store<u16>(at, <u16>i8x16.bitmask(high));
      high = i8x16.add(high, high);
      at -= stride;
    }
  }
}

/** Bit k of every residue into slice k, for all bits of p - 1. */
export function toSlices(from: usize, to: usize, stride: usize, count: i32, p: i32): void {
  const end = from + (<usize>count << 1);
  if (p == 8191) {
    while (from < end) {
      slice16(v128.load(from), v128.load(from, 16), to, stride, 13);
      from += 32; to += 2;
    }
  } else {
    while (from < end) {
      slice16(v128.load(from), v128.load(from, 16), to, stride, 16);
      from += 32; to += 2;
    }
  }
}

/**
 * Ends of an interval per lane: a = c + ka and b = c + kb modulo p, written in 1...p, and a slice that says whether membership is
 * inverted: (a > b) xor (a is p) xor (b is p), compared before p takes the place of 0.
 */
export function intervalEnds(c: usize, ka: i32, kb: i32, a: usize, b: usize, wraps: usize, count: i32, p: i32): void {
  const va = i16x8.splat(<i16>ka), vb = i16x8.splat(<i16>kb), vp = i16x8.splat(<i16>p), zero = i16x8.splat(0);
  const end = c + (<usize>count << 1);
  while (c < end) {
    let narrow = zero;
    for (let half: usize = 0; half < 32; half += 16) {
      const x = v128.load(c + half);
      const s = addMod(x, va, p), e = addMod(x, vb, p);
      const sz = i16x8.eq(s, zero), ez = i16x8.eq(e, zero);
      v128.store(a + half, v128.or(s, v128.and(sz, vp)));
      v128.store(b + half, v128.or(e, v128.and(ez, vp)));
      const flag = v128.xor(i16x8.gt_u(s, e), v128.xor(sz, ez));
      narrow = half == 0 ? flag : i8x16.narrow_i16x8_s(narrow, flag);
    }
    store<u16>(wraps, <u16>i8x16.bitmask(narrow));
    c += 32; a += 32; b += 32; wraps += 2;
  }
}

/** Residues at 13 or 16 bits each, least significant bit first, into ceil(count * bits / 8) bytes; the rest of the last byte is zero. */
export function pack(from: usize, to: usize, count: i32, p: i32): void {
  if (p != 8191) {
    memory.copy(to, from, <usize>count << 1);
    return;
  }
  const m: u64 = 0x1fff;
  let left = count;
  for (; left >= 8; left -= 8) {
    const x = load<u64>(from), y = load<u64>(from, 8);
    const low = (x & m) | ((x >> 3) & (m << 13)) | ((x >> 6) & (m << 26)) | ((x >> 9) & (m << 39));
    const high = (y & m) | ((y >> 3) & (m << 13)) | ((y >> 6) & (m << 26)) | ((y >> 9) & (m << 39));
    store<u64>(to, low | (high << 52));
    store<u32>(to, <u32>(high >> 12), 8);
    store<u8>(to, <u8>(high >> 44), 12);
    from += 16; to += 13;
  }
  let pending: u64 = 0;
  let held: u64 = 0;
  for (; left > 0; left--) {
    pending |= <u64>load<u16>(from) << held;
    from += 2;
    for (held += 13; held >= 8; held -= 8, pending >>= 8) store<u8>(to++, <u8>pending);
  }
  if (held > 0) store<u8>(to, <u8>pending);
}

/** Inverse of pack; `from` is readable for 3 bytes more. Returns 0 if a value is >= p or a bit behind the last value is set. */
export function unpack(from: usize, to: usize, count: i32, p: i32): i32 {
  if (p != 8191) {
    memory.copy(to, from, <usize>count << 1);
  } else {
    const m: u64 = 0x1fff;
    let left = count;
    let at = to;
    for (; left >= 8; left -= 8) {
      const x = load<u64>(from), y = load<u64>(from, 5) >> 12;
      store<u64>(at, (x & m) | ((x & (m << 13)) << 3) | ((x & (m << 26)) << 6) | ((x & (m << 39)) << 9));
      store<u64>(at, (y & m) | ((y & (m << 13)) << 3) | ((y & (m << 26)) << 6) | ((y & (m << 39)) << 9), 8);
      from += 13; at += 16;
    }
    let pending: u64 = 0;
    let held: u64 = 0;
    for (; left > 0; left--) {
      for (; held < 13; held += 8) pending |= <u64>load<u8>(from++) << held;
      store<u16>(at, <u16>(pending & m));
      at += 2;
      pending >>= 13;
      held -= 13;
    }
    if (pending != 0) return 0;
  }
  const limit = i16x8.splat(<i16>p);
  let bad = i16x8.splat(0);
  const end = to + (<usize>count << 1);
  while (to + 16 <= end) {
    bad = v128.or(bad, i16x8.ge_u(v128.load(to), limit));
    to += 16;
  }
  let tail = 0;
  while (to < end) {
    tail |= <i32>(<i32>load<u16>(to) >= p);
    to += 2;
  }
  return v128.any_true(bad) || tail ? 0 : 1;
}

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

// Arithmetic on residues, one per lane, and their ways into and out of slices (layouts: lanes.ts).

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

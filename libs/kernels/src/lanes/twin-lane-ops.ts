import { type LaneMemory, type LaneOps } from './lane-ops.ts';

/** Every operation as its definition says, lane by lane or 32 bits at a time. */
export function twinLaneOps(memory: LaneMemory): LaneOps {
  const words = (at: number, bytes: number): Uint32Array => new Uint32Array(memory.buffer, at, bytes >> 2);
  const lanes = (at: number, count: number): Uint16Array => new Uint16Array(memory.buffer, at, count);
  const bytesAt = (at: number, bytes: number): Uint8Array => new Uint8Array(memory.buffer, at, bytes);
  const bitsOf = (p: number): number => (p === 8191 ? 13 : 16);
  const product = (x0: number, x1: number, y0: number, y1: number): number => (x0 & (y0 ^ y1)) ^ (x1 & y0);

  return {
    residues(from, count, to, wanted, p, result) {
      const source = lanes(from, count);
      const target = lanes(to, wanted);
      let read = 0;
      let written = 0;
      while (read < count && written < wanted) {
        const word = source[read++]! & (2 ** bitsOf(p) - 1);
        if (word < p) target[written++] = word;
      }
      new Int32Array(memory.buffer, result, 2).set([read, written]);
    },
    addResidues(target, source, count, p) {
      const [to, from] = [lanes(target, count), lanes(source, count)];
      for (let i = 0; i < count; i++) to[i] = (to[i]! + from[i]!) % p;
    },
    addScaled(target, source, factor, count, p) {
      const [to, from] = [lanes(target, count), lanes(source, count)];
      for (let i = 0; i < count; i++) to[i] = (to[i]! + from[i]! * factor) % p;
    },
    combine(a, b, c, wa, wb, wc, out, count, p) {
      const [x, y, z, to] = [lanes(a, count), lanes(b, count), lanes(c, count), lanes(out, count)];
      for (let i = 0; i < count; i++) to[i] = (x[i]! * wa + y[i]! * wb + z[i]! * wc) % p;
    },
    toSlices(from, to, stride, count, p) {
      const values = lanes(from, count);
      for (let k = 0; k < bitsOf(p); k++) {
        const slice = words(to + k * stride, count / 8).fill(0);
        for (let i = 0; i < count; i++) slice[i >>> 5]! |= ((values[i]! >>> k) & 1) << (i & 31);
      }
    },
    intervalEnds(c, ka, kb, a, b, wraps, count, p) {
      const [values, start, end, flags] = [lanes(c, count), lanes(a, count), lanes(b, count), words(wraps, count / 8).fill(0)];
      for (let i = 0; i < count; i++) {
        const from = (values[i]! + ka) % p;
        const to = (values[i]! + kb) % p;
        start[i] = from === 0 ? p : from;
        end[i] = to === 0 ? p : to;
        if (from > to !== (from === 0) !== (to === 0)) flags[i >>> 5]! |= 1 << (i & 31);
      }
    },
    pack(from, to, count, p) {
      const bits = bitsOf(p);
      const values = lanes(from, count);
      const out = bytesAt(to, Math.ceil((count * bits) / 8));
      let [pending, held, at] = [0, 0, 0];
      for (const value of values) {
        pending |= value << held;
        for (held += bits; held >= 8; held -= 8, pending >>>= 8) out[at++] = pending;
      }
      if (held > 0) out[at] = pending;
    },
    unpack(from, to, count, p) {
      const bits = bitsOf(p);
      const source = bytesAt(from, Math.ceil((count * bits) / 8));
      const out = lanes(to, count);
      let [pending, held, at, canonical] = [0, 0, 0, 1];
      for (let i = 0; i < count; i++) {
        for (; held < bits; held += 8) pending |= source[at++]! << held;
        out[i] = pending & (2 ** bits - 1);
        if (out[i]! >= p) canonical = 0;
        pending >>>= bits;
        held -= bits;
      }
      return pending === 0 ? canonical : 0;
    },
    xor(a, b, out, bytes) {
      const [x, y, to] = [words(a, bytes), words(b, bytes), words(out, bytes)];
      for (let i = 0; i < to.length; i++) to[i] = x[i]! ^ y[i]!;
    },
    xor3(a, b, c, out, bytes) {
      const [x, y, z, to] = [words(a, bytes), words(b, bytes), words(c, bytes), words(out, bytes)];
      for (let i = 0; i < to.length; i++) to[i] = x[i]! ^ y[i]! ^ z[i]!;
    },
    not(a, out, bytes) {
      const [x, to] = [words(a, bytes), words(out, bytes)];
      for (let i = 0; i < to.length; i++) to[i] = ~x[i]!;
    },
    and(a, b, out, bytes) {
      const [x, y, to] = [words(a, bytes), words(b, bytes), words(out, bytes)];
      for (let i = 0; i < to.length; i++) to[i] = x[i]! & y[i]!;
    },
    addAnd(a, b, target, bytes) {
      const [x, y, to] = [words(a, bytes), words(b, bytes), words(target, bytes)];
      for (let i = 0; i < to.length; i++) to[i]! ^= x[i]! & y[i]!;
    },
    addProduct3(x0, x1, y0, y1, target, bytes) {
      const [a, b, c, d, to] = [words(x0, bytes), words(x1, bytes), words(y0, bytes), words(y1, bytes), words(target, bytes)];
      for (let i = 0; i < to.length; i++) to[i]! ^= product(a[i]!, b[i]!, c[i]!, d[i]!);
    },
    maskedProduct3(x0, x1, y0, y1, mask, more, message, kept, other, bytes) {
      const [a, b, c, d, sent, own] = [words(x0, bytes), words(x1, bytes), words(y0, bytes), words(y1, bytes), words(message, bytes), words(kept, bytes)];
      const [hiding, known] = [words(mask, bytes), words(more, bytes)];
      for (let i = 0; i < sent.length; i++) {
        sent[i] = product(a[i]!, b[i]!, c[i]!, d[i]!) ^ hiding[i]!;
        own[i] = sent[i]! ^ known[i]!;
      }
      words(other, bytes).set(hiding);
    },
    parityAnd(a, b, bytes) {
      const [x, y] = [words(a, bytes), words(b, bytes)];
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum ^= x[i]! & y[i]!;
      return parity(sum);
    },
    parities3(x0, x1, r0, r1, step, out, count, bytes) {
      const [a, b] = [bytesAt(x0, bytes), bytesAt(x1, bytes)];
      for (let k = 0; k < count; k++) {
        const [c, d] = [bytesAt(r0 + k * step, bytes), bytesAt(r1 + k * step, bytes)];
        let sum = 0;
        for (let i = 0; i < bytes; i++) sum ^= product(a[i]!, b[i]!, c[i]!, d[i]!);
        bytesAt(out + k, 1)[0] = parity(sum);
      }
    },
    extractBits(from, bit, count, to, bytes) {
      const source = bytesAt(from, (bit + count + 7) >> 3);
      const out = bytesAt(to, bytes).fill(0);
      for (let i = 0; i < count; i++) out[i >> 3]! |= ((source[(bit + i) >> 3]! >> ((bit + i) & 7)) & 1) << (i & 7);
    },
    lookUp(table, stride, width, address, addressStride, ones, less, equal, bytes) {
      const entries = 2 ** width;
      const rows = Array.from({ length: entries - 1 }, (_, v) => words(table + v * stride, bytes));
      const slices = Array.from({ length: width }, (_, k) => words(address + k * addressStride, bytes));
      const [lt, eq] = [words(less, bytes), equal ? words(equal, bytes) : undefined];
      const [l, e] = [new Int32Array(entries), new Int32Array(entries)];
      for (let word = 0; word < lt.length; word++) {
        const below = (v: number): number => (v === 0 ? 0 : v === entries ? ones : rows[v - 1]![word]!);
        for (let v = 0; v < entries; v++) {
          l[v] = below(v);
          e[v] = below(v) ^ below(v + 1);
        }
        // One bit of the address leaves one entry of each pair.
        slices.forEach((slice, k) => {
          for (const table of [l, e]) for (let v = 0; v < entries >> (k + 1); v++) table[v] = table[2 * v]! ^ ((table[2 * v]! ^ table[2 * v + 1]!) & slice[word]!);
        });
        lt[word] = l[0]!;
        if (eq) eq[word] = e[0]!;
      }
    },
  };
}

function parity(word: number): number {
  let folded = word ^ (word >>> 16);
  folded ^= folded >>> 8;
  folded ^= folded >>> 4;
  return (0x6996 >>> (folded & 15)) & 1;
}

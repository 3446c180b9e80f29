import { exactCos, exactSin } from '../exact-math.ts';

const TWO_PI = 6.283185307179586;

/** In-place complex FFT of a power-of-two length (Cooley and Tukey 1965). */
export function fft(real: Float64Array, imaginary: Float64Array): void {
  const n = real.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j]!, real[i]!];
      [imaginary[i], imaginary[j]] = [imaginary[j]!, imaginary[i]!];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const { cos, sin } = roots(size);
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < size / 2; k++) {
        const [a, b] = [start + k, start + k + size / 2];
        const re = real[b]! * cos[k]! - imaginary[b]! * sin[k]!;
        const im = real[b]! * sin[k]! + imaginary[b]! * cos[k]!;
        real[b] = real[a]! - re;
        imaginary[b] = imaginary[a]! - im;
        real[a]! += re;
        imaginary[a]! += im;
      }
    }
  }
}

const cached = new Map<number, { cos: Float64Array; sin: Float64Array }>();
function roots(size: number): { cos: Float64Array; sin: Float64Array } {
  const known = cached.get(size);
  if (known) return known;
  const angles = Array.from({ length: size / 2 }, (_, k) => (-TWO_PI * k) / size);
  const made = { cos: Float64Array.from(angles, exactCos), sin: Float64Array.from(angles, exactSin) };
  cached.set(size, made);
  return made;
}

/** Power of a side × side image under a Hann window, mean removed; frequency (u, v) at v·side + u, both modulo side. */
export function powerSpectrum(pixels: Uint8Array, side: number): Float64Array {
  const window = Float64Array.from({ length: side }, (_, i) => 0.5 - 0.5 * exactCos((TWO_PI * (i + 0.5)) / side));
  let mean = 0;
  for (const value of pixels) mean += value;
  mean /= pixels.length;
  const real = new Float64Array(side * side);
  const imaginary = new Float64Array(side * side);
  for (let y = 0, at = 0; y < side; y++) for (let x = 0; x < side; x++, at++) real[at] = (pixels[at]! - mean) * window[x]! * window[y]!;
  const [lineReal, lineImaginary] = [new Float64Array(side), new Float64Array(side)];
  for (let y = 0; y < side; y++) fft(real.subarray(y * side, (y + 1) * side), imaginary.subarray(y * side, (y + 1) * side));
  for (let x = 0; x < side; x++) {
    for (let y = 0; y < side; y++) {
      lineReal[y] = real[y * side + x]!;
      lineImaginary[y] = imaginary[y * side + x]!;
    }
    fft(lineReal, lineImaginary);
    for (let y = 0; y < side; y++) real[y * side + x] = lineReal[y]! * lineReal[y]! + lineImaginary[y]! * lineImaginary[y]!;
  }
  return real;
}

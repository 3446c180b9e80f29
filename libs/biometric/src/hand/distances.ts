/**
 * Squared distance of each pixel of the region to the nearest pixel outside of it, 0 outside: exact (Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", 2012).
 * @param edge whether what lies beyond the view counts as outside of the region
 */
export function squaredDistances(region: Uint8Array, width: number, height: number, edge: boolean): Float64Array {
  const far = width + height;
  const columns = new Float64Array(region.length);
  for (let x = 0; x < width; x++) {
    let run = edge ? 0 : far;
    for (let y = 0; y < height; y++) columns[y * width + x] = run = region[y * width + x] === 0 ? 0 : Math.min(far, run + 1);
    run = edge ? 0 : far;
    for (let y = height - 1; y >= 0; y--) {
      run = region[y * width + x] === 0 ? 0 : Math.min(far, run + 1);
      columns[y * width + x] = Math.min(columns[y * width + x]!, run);
    }
  }
  const out = new Float64Array(region.length);
  for (let y = 0; y < height; y++) lowerEnvelope(columns.subarray(y * width, (y + 1) * width), edge ? 0 : far, out.subarray(y * width, (y + 1) * width));
  return out;
}

/** For each x the least (x − q)² + heights[q]² over all q: the lower envelope of parabolas. Beyond both ends the height is `ends`. */
function lowerEnvelope(heights: Float64Array, ends: number, out: Float64Array): void {
  const count = heights.length;
  const squared = (q: number): number => (q < 0 || q >= count ? ends * ends : heights[q]! * heights[q]!);
  const vertices = new Int32Array(count + 2);
  const from = new Float64Array(count + 3);
  let last = 0;
  [vertices[0], from[0], from[1]] = [-1, -Infinity, Infinity];
  for (let q = 0; q <= count; q++) {
    const meeting = (): number => (squared(q) + q * q - squared(vertices[last]!) - vertices[last]! ** 2) / (2 * (q - vertices[last]!));
    let at = meeting();
    while (at <= from[last]!) {
      last--;
      at = meeting();
    }
    last++;
    [vertices[last], from[last], from[last + 1]] = [q, at, Infinity];
  }
  for (let x = 0, k = 0; x < count; x++) {
    while (from[k + 1]! < x) k++;
    out[x] = (x - vertices[k]!) ** 2 + squared(vertices[k]!);
  }
}

/** The region without what no disc of `radius` fits in: bridges and threads between fingers go, fingers stay (morphological opening). */
export function opened(region: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const inner = squaredDistances(region, width, height, true);
  // 1 where no disc has its centre.
  const outer = Uint8Array.from(inner, (squared) => (squared > radius * radius ? 0 : 1));
  return Uint8Array.from(squaredDistances(outer, width, height, false), (squared) => (squared <= radius * radius ? 1 : 0));
}

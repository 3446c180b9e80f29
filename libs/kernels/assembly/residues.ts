// Residues in 32-bit lanes, p = 8191 (13) and p = 65521 (16). All steps are the same for all values.

/** Any i32 to the same residue mod 8191 in [-2^18, 2^18 + 8190]; applied twice in [-33, 8223]. */
// @ts-ignore: decorator
@inline export function fold13(x: v128): v128 {
  return i32x4.add(v128.and(x, i32x4.splat(8191)), i32x4.shr_s(x, 13));
}
/** Any i32 to the same residue mod 65521, as 2^16 = 15: in [-491520, 557040]; applied twice in [-120, 65655]. */
// @ts-ignore: decorator
@inline export function fold16(x: v128): v128 {
  return i32x4.add(v128.and(x, i32x4.splat(0xffff)), i32x4.mul(i32x4.shr_s(x, 16), i32x4.splat(15)));
}
/**
 * The residue of a sum of n products given by its value mod 2^32 and the sum of the products' high halves, n <= 2^14:
 * the sum of low halves is wrapped - 2^16 high, in [0, 2^30).
 */
// @ts-ignore: decorator
@inline export function fold16Wide(wrapped: v128, high: v128): v128 {
  return i32x4.add(fold16(i32x4.sub(wrapped, i32x4.shl(high, 16))), fold16(i32x4.mul(fold16(high), i32x4.splat(15))));
}
// @ts-ignore: decorator
@inline function canonical13(x: v128): v128 {
  x = fold13(fold13(x));
  x = i32x4.add(x, v128.and(i32x4.shr_s(x, 31), i32x4.splat(8191)));
  return i32x4.sub(x, v128.and(i32x4.ge_s(x, i32x4.splat(8191)), i32x4.splat(8191)));
}
// @ts-ignore: decorator
@inline function canonical16(x: v128): v128 {
  x = fold16(fold16(x));
  x = i32x4.add(x, v128.and(i32x4.shr_s(x, 31), i32x4.splat(65521)));
  return i32x4.sub(x, v128.and(i32x4.ge_s(x, i32x4.splat(65521)), i32x4.splat(65521)));
}
/** Any i32 to its residue in [0, p). */
// @ts-ignore: decorator
@inline export function canonical(x: v128, wide: bool): v128 {
  return wide ? canonical16(x) : canonical13(x);
}
/** Any i32 to its residue in [-(p-1)/2, (p-1)/2]: twice folded it is above -(p-1)/2 and at most p + (p-1)/2. */
// @ts-ignore: decorator
@inline export function balanced(x: v128, wide: bool): v128 {
  x = wide ? fold16(fold16(x)) : fold13(fold13(x));
  return i32x4.sub(x, v128.and(i32x4.gt_s(x, i32x4.splat(wide ? 32760 : 4095)), i32x4.splat(wide ? 65521 : 8191)));
}
/** Lane k holds the sum of the lanes of argument k. */
// @ts-ignore: decorator
@inline export function sums4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3));
}

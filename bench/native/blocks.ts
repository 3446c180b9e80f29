// The register blocks of libs/kernels alone, repeated: compiled by bench/kernel.mjs as their module is.
import { block1x8, block5x2, wide1x4 } from '../../libs/kernels/assembly/generated/blocks';

export function repeat5x2(q: usize, r: usize, steps: i32, sums: usize, repeats: i32): void {
  for (let i = 0; i < repeats; i++) block5x2(q, r, steps, sums, 0);
}
export function repeat1x8(q: usize, r: usize, steps: i32, sums: usize, repeats: i32): void {
  for (let i = 0; i < repeats; i++) block1x8(q, r, steps, sums, 0);
}
export function repeatWide1x4(q: usize, r: usize, steps: i32, sums: usize, repeats: i32): void {
  for (let i = 0; i < repeats; i++) wide1x4(q, r, steps, sums, 0);
}

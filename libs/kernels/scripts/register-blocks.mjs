// Writes assembly/generated/blocks.ts: the innermost loops, Q queries × R rows whose sums stay in registers.
// Queries lie as [step][Q], rows as [step][R]; `steps` is a multiple of the unrolling (5 × 2 spills sums when
// unrolled: the optimiser chains the additions of one sum). Sums go to
// `sums + query · SUM_STRIDE + row · 16`, folded: stored by the first chunk of a group, added by later ones.

/** Bytes from one query's 32 sums to the next; a vector more than 32 spreads them over the sets of the cache. */
const sumStride = 33 * 16;

const blocks = [
  { name: 'block5x2', queries: 5, rows: 2, unroll: 1 },
  { name: 'block1x8', queries: 1, rows: 8, unroll: 2 },
  { name: 'wide1x4', queries: 1, rows: 4, unroll: 2, wide: true },
];

const range = (end) => Array.from({ length: end }, (_, i) => i);

function block({ name, queries, rows, unroll, wide }) {
  const pairs = range(queries).flatMap((i) => range(rows).map((r) => ({ i, r, sum: `a${i}_${r}`, high: `h${i}_${r}` })));
  const lines = [`export function ${name}(q: usize, r: usize, steps: i32, sums: usize, add: i32): void {`];
  for (const { sum, high } of pairs) lines.push(`  let ${sum}: v128 = i32x4.splat(0)${wide ? `, ${high}: v128 = i32x4.splat(0)` : ''};`);
  lines.push(`  const end = r + <usize>steps * ${rows * 16};`, '  while (r < end) {');
  for (const u of range(unroll)) {
    // Few rows are kept in registers across queries, many rows are read as they are used.
    if (queries > 1) for (const r of range(rows)) lines.push(`    const g${u}_${r} = v128.load(r, ${(u * rows + r) * 16});`);
    for (const i of range(queries)) {
      lines.push(`    const x${u}_${i} = v128.load(q, ${(u * queries + i) * 16});`);
      for (const { r, sum, high } of pairs.filter((pair) => pair.i === i)) {
        const row = queries > 1 ? `g${u}_${r}` : `v128.load(r, ${(u * rows + r) * 16})`;
        if (wide) lines.push(`    const d${u}_${i}_${r} = i32x4.dot_i16x8_s(x${u}_${i}, ${row});`, `    ${sum} = i32x4.add(${sum}, d${u}_${i}_${r}); ${high} = i32x4.add(${high}, i32x4.shr_s(d${u}_${i}_${r}, 16));`);
        else lines.push(`    ${sum} = i32x4.add(${sum}, i32x4.dot_i16x8_s(x${u}_${i}, ${row}));`);
      }
    }
  }
  lines.push(`    q += ${unroll * queries * 16}; r += ${unroll * rows * 16};`, '  }');
  // V8 makes a constant anew wherever it is used; this one it keeps in a register.
  if (!wide) lines.push(`  const low13 = i32x4.shr_u(i32x4.eq(${pairs[0].sum}, ${pairs[0].sum}), 19);`);
  for (const { sum, high } of pairs) lines.push(wide ? `  ${sum} = fold16Wide(${sum}, ${high});` : `  ${sum} = i32x4.add(v128.and(${sum}, low13), i32x4.shr_s(${sum}, 13));`);
  const at = ({ i, r }) => i * sumStride + r * 16;
  lines.push('  if (add) {', ...pairs.map((pair) => `    ${pair.sum} = i32x4.add(v128.load(sums, ${at(pair)}), ${pair.sum});`), '  }');
  lines.push(...pairs.map((pair) => `  v128.store(sums, ${pair.sum}, ${at(pair)});`), '}');
  return lines.join('\n');
}

export const registerBlocks = () =>
  [`// Written by scripts/register-blocks.mjs.`, `import { fold16Wide } from '../residues';`, `export const SUM_STRIDE: usize = ${sumStride};`, ...blocks.map(block)].join('\n') + '\n';

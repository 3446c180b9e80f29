/** All k-subsets of `items`, in lexicographic order of positions; [[]] for k = 0. */
export function subsets<T>(items: readonly T[], k: number): T[][] {
  if (k === 0) return [[]];
  const out: T[][] = [];
  for (let first = 0; first + k <= items.length; first++) {
    for (const rest of subsets(items.slice(first + 1), k - 1)) out.push([items[first]!, ...rest]);
  }
  return out;
}

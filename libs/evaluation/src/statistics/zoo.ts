import { type Comparisons, type ScoreTable } from '../comparisons.ts';
import { binomialTail, quantile } from './intervals.ts';
import { chiSquareTail } from './special-functions.ts';

/**
 * Yager and Dunstone (2010): palms in the outer quarters of both means. Chameleons match themselves and others well, phantoms
 * neither, doves only themselves, worms only others.
 */
export type Animal = 'chameleon' | 'phantom' | 'dove' | 'worm';
export const ANIMALS: readonly Animal[] = ['chameleon', 'phantom', 'dove', 'worm'];

export interface ZooPalm {
  readonly palm: string;
  /** Mean genuine score. */
  readonly genuine: number;
  /** Mean impostor score, as reference and as probe. */
  readonly impostor: number;
  readonly animal: Animal | null;
}

/** Kruskal and Wallis' (1952) H with ties corrected: is a score's distribution the same for all palms? */
export interface GroupTest {
  readonly h: number;
  readonly degrees: number;
  readonly p: number;
}

export interface Zoo {
  /** Palms with genuine and impostor comparisons both. */
  readonly palms: readonly ZooPalm[];
  /** Bounds of the outer quarters: of genuine means, of impostor means. */
  readonly quarters: { readonly genuine: readonly [number, number]; readonly impostor: readonly [number, number] };
  /** Palms of each kind, and the chance of so many or more if both means were independent (1/16 each). */
  readonly animals: readonly { readonly animal: Animal; readonly count: number; readonly p: number }[];
  /** Doddington et al. (1998): goats exist where genuine scores depend on the palm, lambs and wolves where impostor scores do. */
  readonly goats: GroupTest;
  readonly lambs: GroupTest;
}

export function zoo({ palms, genuine, impostor }: Comparisons): Zoo {
  const [own, others] = [meansByPalm(genuine, palms.length), meansByPalm(impostor, palms.length)];
  const known = palms.map((palm, i) => ({ palm, genuine: own[i]!, impostor: others[i]! })).filter((entry) => !Number.isNaN(entry.genuine + entry.impostor));
  const quarters = { genuine: outer(known.map((entry) => entry.genuine)), impostor: outer(known.map((entry) => entry.impostor)) };
  const members = known.map((entry) => ({ ...entry, animal: animalOf(entry, quarters) }));
  return {
    palms: members,
    quarters,
    animals: ANIMALS.map((animal) => {
      const count = members.filter((member) => member.animal === animal).length;
      return { animal, count, p: binomialTail(count, members.length, 1 / 16) };
    }),
    goats: kruskalWallis(genuine.scores, genuine.reference, palms.length),
    lambs: kruskalWallis(impostor.scores, impostor.reference, palms.length),
  };
}

function animalOf(palm: { genuine: number; impostor: number }, { genuine, impostor }: Zoo['quarters']): Animal | null {
  const side = (value: number, [low, high]: readonly [number, number]): -1 | 0 | 1 => (low === high ? 0 : value >= high ? 1 : value <= low ? -1 : 0);
  const [own, other] = [side(palm.genuine, genuine), side(palm.impostor, impostor)];
  if (own === 0 || other === 0) return null;
  return own === 1 ? (other === 1 ? 'chameleon' : 'dove') : other === 1 ? 'worm' : 'phantom';
}

function outer(values: readonly number[]): [number, number] {
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, 0.25), quantile(sorted, 0.75)];
}

function meansByPalm({ scores, reference, probe }: ScoreTable, palms: number): number[] {
  const [sums, counts] = [new Float64Array(palms), new Uint32Array(palms)];
  const add = (palm: number, score: number): void => {
    sums[palm]! += score;
    counts[palm]!++;
  };
  scores.forEach((score, i) => {
    add(reference[i]!, score);
    if (probe[i] !== reference[i]) add(probe[i]!, score);
  });
  return Array.from(sums, (sum, i) => sum / counts[i]!);
}

/** @param groups the group of each score, in [0, groupCount); groups without scores do not count */
export function kruskalWallis(scores: Float64Array, groups: Uint32Array, groupCount: number): GroupTest {
  const n = scores.length;
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  const [ranks, sizes] = [new Float64Array(groupCount), new Uint32Array(groupCount)];
  let ties = 0;
  for (let from = 0, to = 0; from < n; from = to) {
    while (to < n && scores[order[to]!] === scores[order[from]!]) to++;
    const size = to - from;
    ties += size ** 3 - size;
    for (let i = from; i < to; i++) {
      ranks[groups[order[i]!]!]! += (from + to + 1) / 2;
      sizes[groups[order[i]!]!]!++;
    }
  }
  const degrees = Math.max(0, sizes.filter((size) => size > 0).length - 1);
  const spread = 1 - ties / (n ** 3 - n);
  if (degrees === 0 || !(spread > 0)) return { h: 0, degrees, p: 1 };
  let sum = 0;
  ranks.forEach((rank, group) => (sum += sizes[group] === 0 ? 0 : rank ** 2 / sizes[group]!));
  const h = Math.max(0, ((12 / (n * (n + 1))) * sum - 3 * (n + 1)) / spread);
  return { h, degrees, p: chiSquareTail(h, degrees) };
}

import { BoopError } from '@boop/shared';
import { type Capture } from './captures.ts';

/** More would take minutes and a gigabyte: 4,472 captures in {@link compareEveryPair}. */
export const COMPARISONS_MAX = 10_000_000;

/** Scores of one kind with what they were made of, column by column; all columns have the same length. */
export interface ScoreTable {
  readonly scores: Float64Array;
  /** Indices into {@link Comparisons.palms}. */
  readonly reference: Uint32Array;
  readonly probe: Uint32Array;
  /** 1 where reference and probe come from different sessions, else 0. */
  readonly acrossSessions: Uint8Array;
}

export interface Comparisons {
  readonly palms: readonly string[];
  readonly genuine: ScoreTable;
  readonly impostor: ScoreTable;
}

/** Similarity of two templates: larger is more alike. */
export type Compare<T> = (reference: T, probe: T) => number;

type Sample<T> = Omit<Capture<T>, 'name'>;

/**
 * Every unordered pair of captures once: the technology test of ISO/IEC 19795-1 for a symmetric score. n(n-1)/2 comparisons.
 * @throws BoopError `evaluation.too-many-comparisons`, `evaluation.one-palm`, `evaluation.no-genuine`
 */
export function compareEveryPair<T>(captures: readonly Capture<T>[], compare: Compare<T>): Comparisons {
  const palms = indexPalms(captures);
  checkCount((captures.length * (captures.length - 1)) / 2);
  const sizes = new Map<string, number>();
  for (const { palm } of captures) sizes.set(palm, (sizes.get(palm) ?? 0) + 1);
  let genuineCount = 0;
  for (const size of sizes.values()) genuineCount += (size * (size - 1)) / 2;
  const filler = createFiller(palms, genuineCount, (captures.length * (captures.length - 1)) / 2 - genuineCount);
  captures.forEach((reference, i) => {
    for (let j = i + 1; j < captures.length; j++) filler.add(reference, captures[j]!, compare);
  });
  return filler.comparisons;
}

/**
 * Every probe against every reference: enrolled references, one for each palm, and later captures. References × probes comparisons.
 * @throws BoopError as {@link compareEveryPair}
 */
export function compareWithReferences<T>(references: readonly Sample<T>[], probes: readonly Sample<T>[], compare: Compare<T>): Comparisons {
  const palms = indexPalms([...references, ...probes]);
  checkCount(references.length * probes.length);
  const perPalm = new Map<string, number>();
  for (const { palm } of references) perPalm.set(palm, (perPalm.get(palm) ?? 0) + 1);
  const genuineCount = probes.reduce((sum, { palm }) => sum + (perPalm.get(palm) ?? 0), 0);
  const filler = createFiller(palms, genuineCount, references.length * probes.length - genuineCount);
  for (const reference of references) for (const probe of probes) filler.add(reference, probe, compare);
  return filler.comparisons;
}

function indexPalms(samples: readonly Sample<unknown>[]): Map<string, number> {
  const palms = new Map<string, number>();
  for (const { palm } of samples) if (!palms.has(palm)) palms.set(palm, palms.size);
  if (palms.size < 2) throw new BoopError('evaluation.one-palm', 'impostor scores take captures of two palms at least');
  return palms;
}

function checkCount(count: number): void {
  if (count > COMPARISONS_MAX) throw new BoopError('evaluation.too-many-comparisons', `an evaluation has ${COMPARISONS_MAX} comparisons at most`);
}

interface Filler {
  readonly comparisons: Comparisons;
  add<T>(reference: Sample<T>, probe: Sample<T>, compare: Compare<T>): void;
}

function createFiller(palms: ReadonlyMap<string, number>, genuineCount: number, impostorCount: number): Filler {
  if (genuineCount === 0) throw new BoopError('evaluation.no-genuine', 'genuine scores take two captures of one palm at least');
  if (impostorCount === 0) throw new BoopError('evaluation.one-palm', 'impostor scores take captures of two palms at least');
  const comparisons = { palms: [...palms.keys()], genuine: emptyTable(genuineCount), impostor: emptyTable(impostorCount) };
  let [genuineAt, impostorAt] = [0, 0];
  return {
    comparisons,
    add(reference, probe, compare) {
      const same = reference.palm === probe.palm;
      const table = same ? comparisons.genuine : comparisons.impostor;
      const at = same ? genuineAt++ : impostorAt++;
      const score = compare(reference.template, probe.template);
      if (!Number.isFinite(score)) throw new BoopError('evaluation.score', 'a comparison gave no finite score', { kind: 'fatal' });
      table.scores[at] = score;
      table.reference[at] = palms.get(reference.palm)!;
      table.probe[at] = palms.get(probe.palm)!;
      table.acrossSessions[at] = reference.session === probe.session ? 0 : 1;
    },
  };
}

const emptyTable = (length: number): ScoreTable => ({
  scores: new Float64Array(length),
  reference: new Uint32Array(length),
  probe: new Uint32Array(length),
  acrossSessions: new Uint8Array(length),
});

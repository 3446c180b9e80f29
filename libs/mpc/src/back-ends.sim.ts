import { describe, expect, test } from '@jest/globals';
import { type PartyId } from '@boop/shared';
import { runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { type BackEndName, backEnds, type Decision, type MatchSums, type Opening, type Prf } from './index.ts';
import { type BlockCase, type BlockSettings, openBlocks, runBlock } from './testing/block-harness.ts';
import { drawCommittee, keyMachines, outputsOf, parameterSets, plainDecision, shareScores } from './testing/committee-harness.ts';

const names = Object.keys(backEnds) as BackEndName[];
const ranges = [
  { p: 8191, scoreMin: -4096, scoreMax: 2048 },
  { p: 8191, scoreMin: -4095, scoreMax: 4095 },
  { p: 65521, scoreMin: -32000, scoreMax: 19200 },
];

function committeeKeys(nodes: number, threshold: number, seed: number) {
  const committee = drawCommittee(nodes, threshold, seededUint32(seed));
  return outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(seed + party)), { seed }));
}

/** A name that no run had before. */
let runs = 0;
const newRun = (): string => `run ${(runs += 1)}`;

const productsOf = (keys: ReadonlyMap<PartyId, unknown>, { scores }: BlockCase, { p, threshold }: BlockSettings, next: () => number): Map<PartyId, Uint16Array> => shareScores(scores, p, [...keys.keys()], threshold, next);

describe.each(parameterSets)('(%i, %i)', (nodes, threshold) => {
  const seed = 100 * nodes + threshold;
  const keys = committeeKeys(nodes, threshold, seed);

  test.each(names)('%s: the bit of every row is that in the clear, around θ, at both ends of the range, for every θ at its ends', (backEnd) => {
    const next = seededUint32(seed);
    for (const { p, scoreMin, scoreMax } of ranges) {
      // Larger thresholds cost more and differ in the sharing, not in the test: fewer θ there.
      for (const theta of [scoreMax, scoreMax - p + 2, 1, 302].slice(0, threshold === 1 ? 4 : 2).slice(threshold === 3 ? -1 : 0)) {
        const settings: BlockSettings = { threshold, p, scoreMax, theta, backEnd, adder: (threshold + theta) % 2 === 0 ? 'log' : 'ripple' };
        const lowest = Math.max(scoreMin, scoreMax - p + 1);
        const edges = [lowest, lowest + 1, scoreMax, scoreMax - 1, theta, theta - 1, theta + 1].filter((score) => score >= lowest && score <= scoreMax);
        const rows = 150;
        const scores = Array.from({ length: rows }, (_, i) => edges[i] ?? lowest + (next() % (scoreMax - lowest + 1)));
        const block: BlockCase = { scores, probes: 1, shifts: 1, rows, firstRow: 0 };
        const bits = runBlock(keys, 'rows', { runId: newRun(), settings, block, products: productsOf(keys, block, settings, next) });
        for (const words of bits.values()) expect(scores.map((_, i) => (words[i >> 5]! >>> (i & 31)) & 1)).toEqual(scores.map((score) => (score >= theta ? 1 : 0)));
      }
    }
  });
});

test.each(names)('%s: r = 0 everywhere, as the word 0, compares right too', (backEnd) => {
  const silent: Prf = { keystream: (_key, _first, count) => new Uint8Array(16 * count) };
  for (const { p, scoreMin, scoreMax } of ranges) {
    for (const adder of ['ripple', 'log'] as const) {
      const opened: number[] = [];
      const keys = committeeKeys(3, 1, 5);
      const onOpen = (label: string, values: ArrayLike<number>): void => void (label === 'masked-scores' && opened.push(...Array.from(values)));
      const settings: BlockSettings = { threshold: 1, p, scoreMax, theta: 1, backEnd, adder, prf: silent, onOpen };
      const scores = [scoreMin, scoreMin + 1, -1, 0, 1, 2, scoreMax - 1, scoreMax];
      const block: BlockCase = { scores, probes: 1, shifts: 1, rows: scores.length, firstRow: 0 };
      const bits = runBlock(keys, 'rows', { runId: newRun(), settings, block, products: productsOf(keys, block, settings, seededUint32(1)) });
      expect(opened.slice(0, 8)).toEqual(scores.map((score) => (score + p) % p));
      for (const words of bits.values()) expect(scores.map((_, i) => (words[0]! >>> i) & 1)).toEqual(scores.map((score) => (score >= 1 ? 1 : 0)));
    }
  }
});

describe('probes and blocks', () => {
  const keys = committeeKeys(5, 1, 7);
  const shared = { threshold: 1, p: 8191, scoreMax: 2048, theta: 302 };

  /** A gallery in blocks, several probes, each with matches of its own. */
  function decide(opening: Opening, settings: BlockSettings, sizes: readonly number[], shifts: number, matching: readonly (readonly number[])[]): { decisions: Decision[]; expected: Decision[] } {
    const next = seededUint32(sizes.length + shifts);
    const rows = sizes.reduce((sum, size) => sum + size, 0);
    const blocks: ReadonlyMap<PartyId, MatchSums>[] = [];
    let firstRow = 0;
    for (const size of sizes) {
      const scores = matching.flatMap((rowsHit) =>
        Array.from({ length: shifts * size }, (_, i) => {
          const [shift, row] = [Math.floor(i / size), firstRow + (i % size)];
          // A match shows at one shift, and at the next one too.
          return rowsHit.includes(row) && (shift === row % shifts || shift === (row + 1) % shifts) ? 302 + (next() % 1700) : -4096 + (next() % 4397);
        }),
      );
      const block: BlockCase = { scores, probes: matching.length, shifts, rows: size, firstRow };
      blocks.push(runBlock(keys, opening, { runId: newRun(), settings, block, products: productsOf(keys, block, settings, next) }));
      firstRow += size;
    }
    const opened = [...openBlocks(keys, blocks, rows, newRun(), settings).values()];
    for (const other of opened) expect(other).toEqual(opened[0]);
    const plain = matching.map((rowsHit) => plainDecision(Array.from({ length: rows }, (_, row) => (rowsHit.includes(row) ? 302 : 0)), { ...settings, rows, shifts: 1, opening }));
    return { decisions: opened[0]!, expected: plain };
  }

  const cases: [string, number[], number, number[][]][] = [
    ['one row', [1], 1, [[0]]],
    ['one row, many shifts, no match', [1], 25, [[]]],
    ['rows of odd number', [33], 5, [[], [32], [0, 5]]],
    ['whole vectors', [128], 3, [[127], [], [0, 64, 127]]],
    ['three blocks of different size', [130, 7, 64], 4, [[129], [130], [200], [], [3, 199]]],
    ['many probes against few rows', [2], 1, [[0], [1], [], [0, 1], [], [1], [], [0], [0]]],
  ];
  const openings: Opening[] = ['identify', 'any', 'all'];

  test.each(cases)('%s: each probe gets its own decision', (_name, sizes, shifts, matching) => {
    for (const backEnd of names) {
      for (const opening of openings) {
        for (const orForm of opening === 'identify' ? (['sum', 'tree'] as const) : (['sum'] as const)) {
          const everything = matching.map((rows, i) => (opening === 'all' && i % 2 === 0 ? Array.from({ length: sizes.reduce((sum, size) => sum + size, 0) }, (_, row) => row) : rows));
          const { decisions, expected } = decide(opening, { ...shared, backEnd, orForm }, sizes, shifts, everything);
          expect({ backEnd, opening, orForm, decisions }).toEqual({ backEnd, opening, orForm, decisions: expected });
        }
      }
    }
  });
});

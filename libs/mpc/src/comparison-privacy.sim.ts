import { describe, expect, test } from '@jest/globals';
import { chiSquareScore, nodeAesCtr, runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { type Opening } from './index.ts';
import { comparisonMachines, correlationMachines, keyMachines, lanesFor, outputsOf, partyIds, plainDecision, shareScores, type SharedInput, takeLanes } from './testing/committee-harness.ts';

const statistic = { p: 8191, scoreMax: 2048, theta: 302, prf: nodeAesCtr };

function record(scores: number[], rows: number, shifts: number, opening: Opening, seed: number) {
  const committee = partyIds(1, 2, 3);
  const keys = outputsOf(runSimulation(keyMachines(committee, 1, (party) => seededRng(seed * 100 + party)), { seed }));
  const batches = outputsOf(runSimulation(correlationMachines(keys, 1, 8191, lanesFor(scores.length), 'batch', nodeAesCtr), { seed }));
  const products = shareScores(scores, 8191, committee, 1, seededUint32(seed));
  const opened: [string, number[]][] = [];
  const input: SharedInput = { ...statistic, rows, shifts, opening, onOpen: (label, values) => opened.push([label, Array.from(values)]) };
  const traffic: Uint8Array[] = [];
  const outcomes = runSimulation(comparisonMachines(keys, 1, takeLanes(batches, 0, lanesFor(scores.length)), products, 'run', input), {
    seed,
    tamper: (_from, _to, payload) => (traffic.push(payload.subarray(2)), payload),
  });
  for (const decision of outputsOf(outcomes).values()) expect(decision).toEqual(plainDecision(scores, input));
  const labels = opened.map(([label]) => label).sort();
  return { opened, labels, traffic };
}

const scoresWith = (rows: number, shifts: number, matching: number[]): number[] =>
  Array.from({ length: rows * shifts }, (_, i) => (matching.includes(Math.floor(i / shifts)) && i % shifts === 1 ? 900 : -500));

const thrice = (labels: string[]): string[] => labels.flatMap((label) => [label, label, label]).sort();

describe('what is opened', () => {
  test.each<[string, Opening, number[], string[]]>([
    ['none', 'identify', [], ['masked-scores', 'match-sums']],
    ['one', 'identify', [7], ['masked-scores', 'match-sums']],
    ['several: not which', 'identify', [3, 7, 8], ['masked-scores', 'match-sums']],
    ['a bit of 1:1 or de-duplication', 'any', [1, 2], ['masked-scores', 'match-sums']],
    ['a bit of agreement', 'all', [0, 1], ['masked-scores', 'match-sums']],
  ])('%s', (_, opening, matching, labels) => {
    const run = record(scoresWith(10, 3, matching), 10, 3, opening, 3);
    expect(run.labels).toEqual(thrice(labels));
    // One field element for a bit; two for a row, and they are 0 exactly where nothing matched.
    const sizes = { 'masked-scores': 30, 'match-sums': opening === 'identify' ? 4 : 2 };
    for (const [label, values] of run.opened) expect(values).toHaveLength(sizes[label as keyof typeof sizes]);
    for (const [, values] of run.opened.filter(([label]) => label === 'match-sums')) expect(values.some((word) => word !== 0)).toBe(opening === 'all' || matching.length > 0);
  });

  test('masked scores are uniform whatever the score is', () => {
    for (const score of [-4096, 302, 2048]) {
      const { opened } = record(new Array<number>(8192).fill(score), 8192, 1, 'any', 5);
      const counts = new Array<number>(128).fill(0);
      for (const c of opened.find(([label]) => label === 'masked-scores')![1]) counts[c >> 6]! += 1;
      // The last cell holds 63 residues, not 64.
      expect(chiSquareScore(counts.slice(0, -1))).toBeLessThan(5);
    }
  });

  test.each<[Opening, number[]]>([
    ['any', [2]],
    ['any', [0, 1, 2, 3]],
    ['all', [0, 1]],
    ['identify', [2]],
    ['identify', [1, 2]],
    ['identify', [0, 1, 2, 3]],
  ])('%s, rows %p: what is opened is uniform where it is not 0', (opening, matching) => {
    const counts = new Array<number>(16).fill(0);
    for (let seed = 1; seed <= 40; seed++) {
      const { opened } = record(scoresWith(4, 2, matching), 4, 2, opening, seed);
      const words = opened.find(([label]) => label === 'match-sums')![1];
      // With one match the second element is the first times a public number: all freedom is in the first.
      for (const word of words.slice(0, matching.length === 1 ? 2 : 4)) for (let nibble = 0; nibble < 8; nibble++) counts[(word >>> (4 * nibble)) & 15]! += 1;
    }
    expect(chiSquareScore(counts)).toBeLessThan(5);
  });
});

test('every message of every round looks uniform, with equal scores throughout', () => {
  // 4,096 rows of the same losing score: without its masks a round would repeat one pattern.
  const { traffic } = record(new Array<number>(4096 * 2).fill(-500), 4096, 2, 'identify', 9);
  const large = traffic.filter((payload) => payload.length >= 256);
  expect(large).toHaveLength(9);
  for (const payload of large) {
    const counts = new Array<number>(16).fill(0);
    for (const byte of payload) {
      counts[byte & 15]! += 1;
      counts[byte >> 4]! += 1;
    }
    expect(chiSquareScore(counts)).toBeLessThan(5);
  }
});

import { describe, expect, test } from '@jest/globals';
import { nodeAesCtr, runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { type Opening } from './index.ts';
import { comparisonMachines, correlationMachines, drawCommittee, keyMachines, lanesFor, outputsOf, parameterSets, plainDecision, shareScores, type SharedInput, takeLanes } from './testing/committee-harness.ts';

const statistics = [
  { name: 'palm', p: 8191, scoreMin: -4096, scoreMax: 2048 },
  { name: 'face', p: 8191, scoreMin: -4095, scoreMax: 4095 },
  { name: 'iris', p: 65521, scoreMin: -32000, scoreMax: 19200 },
];

describe.each(parameterSets)('(%i, %i)', (nodes, threshold) => {
  test.each(statistics)('$name: decisions over shares are those in the clear, over the whole range of scores', ({ p, scoreMin, scoreMax }) => {
    const seed = nodes * 100 + threshold * 10 + p;
    const next = seededUint32(seed);
    const committee = drawCommittee(nodes, threshold, next);
    const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(seed + party)), { seed }));
    // (7, 3) has 35 components: fewer shapes there.
    const shapes: [number, number][] = threshold === 3 ? [[1, 1], [3, 5], [33, 1]] : [[1, 1], [1, 25], [2, 3], [3, 1], [33, 5], [31, 2], [64, 1]];
    const openings: Opening[] = ['identify', 'any', 'all'];
    const lanes = shapes.reduce((sum, [rows, shifts]) => sum + lanesFor(rows * shifts), 0) * openings.length * 2;
    const batches = outputsOf(runSimulation(correlationMachines(keys, threshold, p, lanes, 'batch', nodeAesCtr), { seed }));
    let at = 0;
    for (const [rows, shifts] of shapes) {
      for (const opening of openings) {
        for (const hits of [0, 1]) {
          const theta = [scoreMin + 1, scoreMax, 1, 0, 302][next() % 5]!;
          const input: SharedInput = { p, scoreMax, theta, rows, shifts, opening, prf: nodeAesCtr };
          // Mostly below θ, so that none, one and several all occur.
          const scores = Array.from({ length: rows * shifts }, () => [scoreMin, theta - 1, scoreMin + (next() % (theta - scoreMin))][next() % 3]!);
          const wanted = hits === 0 ? next() % 2 : 1 + (next() % 2);
          for (let i = 0; i < (opening === 'all' ? rows - 1 + hits : wanted); i++) {
            const row = opening === 'all' ? i : next() % rows;
            scores[row * shifts + (next() % shifts)] = [theta, scoreMax, theta + (next() % (scoreMax - theta + 1))][next() % 3]!;
          }
          const width = lanesFor(rows * shifts);
          const products = shareScores(scores, p, committee, threshold, next);
          const outcomes = runSimulation(comparisonMachines(keys, threshold, takeLanes(batches, at, at + width), products, `run ${at}`, input), { seed: seed + at });
          at += width;
          for (const decision of outputsOf(outcomes).values()) expect({ rows, shifts, opening, theta, decision }).toEqual({ rows, shifts, opening, theta, decision: plainDecision(scores, input) });
        }
      }
    }
  });
});

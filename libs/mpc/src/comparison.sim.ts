import { describe, expect, test } from '@jest/globals';
import { nodeAesCtr, runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { partyId } from '@boop/shared';
import { type Opening } from './index.ts';
import { comparisonMachines, correlationMachines, drawCommittee, keyMachines, lanesFor, outputsOf, parameterSets, plainDecision, shareScores, type SharedInput, takeBlocks, takeLanes } from './testing/committee-harness.ts';

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

describe('a run in blocks', () => {
  const shape = { p: 8191, scoreMax: 2048, theta: 302, shifts: 3, prf: nodeAesCtr } as const;

  test.each([[3, 1, 'rows'], [5, 2, 'rows'], [3, 1, 'shifts']] as const)('(%i, %i), products by %s: decides as one over all rows does, whichever block a match is in', (nodes, threshold, productOrder) => {
    const next = seededUint32(nodes);
    const committee = drawCommittee(nodes, threshold, next);
    const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(party)), { seed: 1 }));
    for (const backEnd of ['one-hot', 'digits'] as const) {
      const batches = outputsOf(runSimulation(correlationMachines(keys, threshold, 8191, 4_096, `blocks ${backEnd}`, nodeAesCtr, backEnd), { seed: 2 }));
      let lane = 0;
      for (const [opening, hits] of [['identify', []], ['identify', [0]], ['identify', [69]], ['identify', [31, 32]], ['any', []], ['any', [64]]] as const) {
        const input: SharedInput = { ...shape, backEnd, opening, rows: 70, blockRows: 32, productOrder };
        const isHit = (row: number): boolean => (hits as readonly number[]).includes(row);
        const scores = Array.from({ length: input.rows * input.shifts }, (_, i) => (isHit(Math.floor(i / input.shifts)) && i % input.shifts === 1 ? 303 : 301));
        const slices = takeBlocks(batches, lane, input);
        lane += 2 * 96 + 32;
        // Products lie as the scores do that they are made of.
        const lying = productOrder === 'rows' ? scores : Array.from(scores, (_, i) => scores[(i % input.rows) * input.shifts + Math.floor(i / input.rows)]!);
        const outcomes = runSimulation(comparisonMachines(keys, threshold, slices, shareScores(lying, input.p, committee, threshold, next), `${backEnd} ${lane}`, input), { seed: lane });
        for (const decision of outputsOf(outcomes).values()) expect({ opening, hits, decision }).toEqual({ opening, hits, decision: plainDecision(scores, input) });
      }
    }
  });

  test('is no form for what takes a tree', () => {
    const committee = [1, 2, 3].map(partyId);
    const keys = outputsOf(runSimulation(keyMachines(committee, 1, (party) => seededRng(party)), { seed: 1 }));
    const batches = outputsOf(runSimulation(correlationMachines(keys, 1, 8191, 512, 'tree', nodeAesCtr), { seed: 2 }));
    const input: SharedInput = { ...shape, opening: 'all', rows: 70, blockRows: 32 };
    const products = shareScores(new Array<number>(210).fill(0), 8191, committee, 1, seededUint32(1));
    expect(() => runSimulation(comparisonMachines(keys, 1, takeBlocks(batches, 0, input), products, 'all', input), { seed: 3 })).toThrow('blocks are summed up');
  });

  test('takes no slice twice, and none when there are too few', () => {
    const committee = [1, 2, 3].map(partyId);
    const keys = outputsOf(runSimulation(keyMachines(committee, 1, (party) => seededRng(party)), { seed: 1 }));
    const batches = outputsOf(runSimulation(correlationMachines(keys, 1, 8191, 256, 'few', nodeAesCtr), { seed: 2 }));
    const input: SharedInput = { ...shape, opening: 'any', rows: 70, blockRows: 32 };
    const slices = takeBlocks(batches, 0, { ...input, rows: 64 });
    const products = shareScores(new Array<number>(210).fill(0), 8191, committee, 1, seededUint32(1));
    const outcomes = (run: string) => runSimulation(comparisonMachines(keys, 1, slices, products, run, input), { seed: 3 });
    expect(() => outcomes('too few')).toThrow('correlations of another committee, or too few');
    for (const slice of slices.get(partyId(1))!) expect(() => slice.consume()).not.toThrow();
  });
});

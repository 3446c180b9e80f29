import { expect, test } from '@jest/globals';
import { runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { type Adder, type BackEndName, backEnds } from './index.ts';
import { type BlockSettings, runBlock } from './testing/block-harness.ts';
import { drawCommittee, keyMachines, outputsOf, parameterSets, shareScores } from './testing/committee-harness.ts';

const COMPARISONS = 1_000_000;
const ranges = [
  { p: 8191, scoreMax: 2048 },
  { p: 8191, scoreMax: 4095 },
  { p: 65521, scoreMax: 19200 },
];
const names = Object.keys(backEnds) as BackEndName[];
const adders: Adder[] = ['ripple', 'log'];
const cases = parameterSets.flatMap(([nodes, threshold]) => names.flatMap((backEnd) => ranges.flatMap((range) => adders.map((adder) => ({ nodes, threshold, backEnd, adder, ...range })))));
const LANES = Math.ceil(COMPARISONS / cases.length / 128) * 128;

test('1,000,000 random comparisons, over every (N, t), back end, adder and field, are decided as in the clear', () => {
  const next = seededUint32(1_000_000);
  let compared = 0;
  for (const { nodes, threshold, backEnd, adder, p, scoreMax } of cases) {
    const committee = drawCommittee(nodes, threshold, next);
    const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(compared + party))));
    const theta = scoreMax - (next() % (p - 1));
    const settings: BlockSettings = { threshold, p, scoreMax, theta, backEnd, adder };
    // Half of them within 8 of θ, the others anywhere in the field.
    const scores = Array.from({ length: LANES }, (_, i) => (i % 2 === 0 ? scoreMax - (next() % p) : Math.min(scoreMax, Math.max(scoreMax - p + 1, theta - 8 + (next() % 17)))));
    const block = { scores, probes: 1, shifts: 1, rows: LANES, firstRow: 0 };
    const bits = runBlock(keys, 'rows', { runId: `run ${compared}`, settings, block, products: shareScores(scores, p, committee, threshold, next) });
    for (const words of bits.values()) {
      const wrong = scores.findIndex((score, i) => ((words[i >> 5]! >>> (i & 31)) & 1) !== (score >= theta ? 1 : 0));
      expect({ nodes, threshold, backEnd, adder, p, theta, wrong }).toEqual({ nodes, threshold, backEnd, adder, p, theta, wrong: -1 });
    }
    compared += LANES;
  }
  expect(compared).toBeGreaterThanOrEqual(COMPARISONS);
}, 1_200_000);

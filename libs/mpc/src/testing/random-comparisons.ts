import { runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { type BackEndName, backEnds } from '../back-ends.ts';
import { type Adder } from '../modular-adders.ts';
import { type BlockSettings, runBlock } from './block-harness.ts';
import { drawCommittee, keyMachines, outputsOf, parameterSets, shareScores } from './committee-harness.ts';

/** What came of comparisons over shares, held against the clear. */
export interface Tally {
  readonly nodes: number;
  readonly threshold: number;
  readonly backEnd: BackEndName;
  readonly compared: number;
  /** Accepted in the clear. */
  readonly accepted: number;
  /** Decided otherwise by any member. */
  readonly wrong: number;
}

/** Small blocks first, so that a slice goes through all variants. */
const FIRST_LANES = 1280;
const LANES = 8192;
const adders: readonly Adder[] = ['ripple', 'log'];
const ranges = [
  { p: 8191, scoreMax: 2048 },
  { p: 8191, scoreMax: 4095 },
  { p: 65521, scoreMax: 19200 },
];
const variants = ranges.flatMap((range) => adders.map((adder) => ({ ...range, adder })));

/** Comparisons that go through all variants once. */
export const SLICE_COMPARISONS = FIRST_LANES * variants.length;

/** Every (N, t) with every back end. */
export const configurations = parameterSets.flatMap(([nodes, threshold]) => (Object.keys(backEnds) as BackEndName[]).map((backEnd) => ({ nodes, threshold, backEnd })));

/**
 * Random scores against random θ, `comparisonsMin` or a few more of them, in blocks that go through fields, ranges, adders and committees: half of the
 * scores lie within 8 of θ, the others anywhere in the field. The first blocks are the same whatever `comparisonsMin` is.
 */
export function compareRandom({ nodes, threshold, backEnd }: (typeof configurations)[number], comparisonsMin: number): Tally {
  const next = seededUint32(1_000_000 + 100 * nodes + 10 * threshold + backEnd.length);
  const tally = { nodes, threshold, backEnd, compared: 0, accepted: 0, wrong: 0 };
  for (let block = 0; tally.compared < comparisonsMin; block++) {
    const { p, scoreMax, adder } = variants[block % variants.length]!;
    const lanes = block < variants.length ? FIRST_LANES : Math.min(LANES, Math.ceil((comparisonsMin - tally.compared) / 128) * 128);
    const committee = drawCommittee(nodes, threshold, next);
    const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(1000 * block + party))));
    const theta = scoreMax - (next() % (p - 1));
    const settings: BlockSettings = { threshold, p, scoreMax, theta, backEnd, adder };
    const scores = Array.from({ length: lanes }, (_, i) => (i % 2 === 0 ? scoreMax - (next() % p) : Math.min(scoreMax, Math.max(scoreMax - p + 1, theta - 8 + (next() % 17)))));
    const opened = runBlock(keys, 'rows', {
      runId: `block ${block}`,
      settings,
      block: { scores, probes: 1, shifts: 1, rows: lanes, firstRow: 0 },
      products: shareScores(scores, p, committee, threshold, next),
    });
    tally.compared += lanes;
    tally.accepted += scores.filter((score) => score >= theta).length;
    tally.wrong += scores.filter((score, i) => [...opened.values()].some((words) => ((words[i >> 5]! >>> (i & 31)) & 1) !== (score >= theta ? 1 : 0))).length;
  }
  return tally;
}

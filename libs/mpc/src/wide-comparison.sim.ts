import { describe, expect, test } from '@jest/globals';
import { createField, interpolate, isCodeword, subsets } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { chiSquareScore, nodeAesCtr, runSimulation, seededUint32, type Tamper } from '@boop/testing';
import { type BackEndName, backEnds, contributeProtocol, type Opening, outsideBatch } from './index.ts';
import { createHolding } from './holding.ts';
import { createReplication } from './replication.ts';
import { drawCommittee, id16, lanesFor, partyIds, plainDecision, shareScores, type SharedInput } from './testing/committee-harness.ts';
import { allParties, holderKeys } from './testing/split-harness.ts';
import { wideBatches, wideMachines, type WideNetwork, wideNetwork } from './testing/wide-harness.ts';
import { foldComponents } from './wide-masks.ts';
import { decodeResidues, encodeResidues } from './wire.ts';

const HEADER = 2;
const p = 8191;
const field = createField(p);
const shape: SharedInput = { p, scoreMax: 2048, theta: 302, rows: 4, shifts: 3, opening: 'identify', prf: nodeAesCtr };
const losing = new Array<number>(12).fill(-700);
const aborted = (blame: unknown) => ({ kind: 'abort', code: 'comparison.inconsistent-word', blame });

let runs = 0;
function run(network: WideNetwork, scores: readonly number[], input: SharedInput = shape, tamper?: Tamper) {
  const seed = (runs += 1);
  const batches = wideBatches(network, input.p, lanesFor(scores.length), `batch ${runs}`, seed, input.backEnd);
  const products = shareScores(scores, input.p, network.holders, network.threshold, seededUint32(seed));
  return runSimulation(wideMachines(network, batches, products, `run ${runs}`, input), { seed, ...(tamper && { tamper }) });
}

/** Changes the residues that `liars` send when c opens. */
const shifting =
  (liars: readonly PartyId[], change: (value: number, from: PartyId, lane: number) => number): Tamper =>
  (from, _to, payload) => {
    if (!liars.includes(from) || payload[1] !== 1) return payload;
    const values = decodeResidues(field, payload.subarray(HEADER), losing.length, from);
    return Uint8Array.of(...payload.subarray(0, HEADER), ...encodeResidues(field, values.map((value, lane) => change(value, from, lane))));
  };

describe.each([[4, 1], [5, 1], [7, 2]] as const)('(%i, %i)', (nodes, threshold) => {
  const committee = drawCommittee(nodes, threshold, seededUint32(nodes));
  const network = wideNetwork(nodes, threshold, committee);
  const outsiders = network.holders.filter((party) => !committee.includes(party));

  test.each<Opening>(['identify', 'any', 'all'])('%s: decisions are those in the clear, and outsiders learn none', (opening) => {
    const next = seededUint32(nodes + opening.length);
    for (const modulus of [8191, 65521]) {
      const scores = Array.from({ length: 12 }, (_, i) => (i === 7 ? 900 : [-4096, 301, -5][next() % 3]!));
      for (const backEnd of Object.keys(backEnds) as BackEndName[]) {
        const input = { ...shape, p: modulus, opening, backEnd };
        for (const [party, outcome] of run(network, scores, input)) expect(outcome).toEqual({ kind: 'done', output: outsiders.includes(party) ? undefined : plainDecision(scores, input) });
      }
    }
  });

  test('in blocks: decisions are those in the clear, and a shift in any block stops the run', () => {
    const [rows, shifts] = [40, 3];
    for (const backEnd of ['one-hot', 'digits'] as const) {
      const input: SharedInput = { ...shape, rows, shifts, blockRows: 32, backEnd };
      for (const hit of [3, 39, -1]) {
        const scores = Array.from({ length: rows * shifts }, (_, i) => (Math.floor(i / shifts) === hit ? 400 : -700));
        for (const [party, outcome] of run(network, scores, input)) expect(outcome).toEqual({ kind: 'done', output: outsiders.includes(party) ? undefined : plainDecision(scores, input) });
      }
      const liar = outsiders[0]!;
      const secondC = 1 + backEnds[backEnd].onlineRounds(p) + 1;
      const second: Tamper = (from, _to, payload) => {
        if (from !== liar || payload[1] !== secondC) return payload;
        const values = decodeResidues(field, payload.subarray(HEADER), 24, from);
        return Uint8Array.of(...payload.subarray(0, HEADER), ...encodeResidues(field, values.map((value) => field.add(value, 1))));
      };
      const outcomes = run(network, new Array<number>(rows * shifts).fill(-700), input, second);
      for (const member of committee) expect(outcomes.get(member)).toEqual(aborted(nodes >= 3 * threshold + 2 ? [liar] : []));
    }
  });

  test('the shares of r at all holders are one word of degree 2t, at 0 what the committee\'s own say', () => {
    const batches = wideBatches(network, p, 32, 'masks');
    const masks = network.holders.map((party) => batches.get(party)!.take(0, 32).consume().mask);
    const inside = committee.map((party) => masks[network.holders.indexOf(party)]!);
    for (let lane = 0; lane < 32; lane++) {
      expect(isCodeword(field, network.holders, masks.map((mask) => mask[lane]!), 2 * threshold)).toBe(true);
      expect(isCodeword(field, network.holders, masks.map((mask) => mask[lane]!), 2 * threshold - 1)).toBe(false);
      const all = interpolate(field, network.holders, masks.map((mask) => mask[lane]!));
      expect(interpolate(field, committee, inside.map((mask) => mask[lane]!))).toBe(all);
    }
  });

  test('no t nodes know all that r is the sum of', () => {
    const holding = createHolding(committee[0]!, network.holders, threshold);
    const target = foldComponents(holding, createReplication(committee[0]!, committee, threshold));
    const { components } = createReplication(committee[0]!, committee, threshold);
    holding.components.forEach(({ holders }, component) => {
      const inside = components[target[component]!]!.holders.map((member) => committee[member]!);
      for (const member of inside) expect(holders.map((holder) => network.holders[holder]!)).toContain(member);
    });
    for (const coalition of subsets(network.holders, threshold)) expect(holding.components.some(({ missing }) => missing.map((at) => network.holders[at]!).join() === coalition.join())).toBe(true);
  });

  test.each(network.holders.map((liar) => [liar]))('node %i shifts c: every honest member stops before it uses it, and names nobody honest', (liar) => {
    for (const delta of [1, 1000, p - 5500]) {
      for (const [party, outcome] of run(network, losing, shape, shifting([liar], (value) => field.add(value, delta)))) {
        if (party === liar || outsiders.includes(party)) continue;
        expect(outcome).toEqual(aborted(nodes >= 3 * threshold + 2 ? [liar] : []));
      }
    }
  });

  test('one lane is enough to be caught', () => {
    const liar = outsiders[0]!;
    const outcomes = run(network, losing, shape, shifting([liar], (value, _from, lane) => (lane === 11 ? field.add(value, 1) : value)));
    for (const member of committee) expect(outcomes.get(member)).toEqual(aborted(nodes >= 3 * threshold + 2 ? [liar] : []));
  });

  test('one that lies to one member only stops that member', () => {
    const [liar, victim] = [outsiders[0]!, committee[1]!];
    const lie = shifting([liar], (value) => field.add(value, 1));
    const outcomes = run(network, losing, shape, (from, to, payload, index) => (to === victim ? lie(from, to, payload, index) : payload));
    expect(outcomes.get(victim)).toEqual(aborted(nodes >= 3 * threshold + 2 ? [liar] : []));
    for (const outcome of outcomes.values()) expect(outcome).not.toMatchObject({ output: { kind: 'one' } });
  });

  test('the first message of each is checked too: told of different runs, no node sends a share', () => {
    const other = new Uint8Array(32).fill(7);
    for (const misled of [[outsiders[0]!], [committee[0]!], network.holders.slice(0, 2)]) {
      const batches = wideBatches(network, p, 32, `split brain ${misled.join()}`);
      const products = shareScores(losing, p, network.holders, threshold, seededUint32(1));
      const sent: number[] = [];
      const machines = wideMachines(network, batches, products, `split brain ${misled.join()}`, shape, (party) => (misled.includes(party) ? { subject: other } : {}));
      const outcomes = runSimulation(machines, { tamper: (_from, _to, payload) => (sent.push(payload[1]!), payload) });
      for (const outcome of outcomes.values()) expect(outcome).toEqual({ kind: 'abort', code: 'comparison.other-run', blame: [] });
      expect(new Set(sent)).toEqual(new Set([0]));
    }
  });

  test('c is uniform whatever the scores are, to members and to whoever sees all shares', () => {
    const rows = 4096;
    for (const score of [-4096, 2048]) {
      const opened: number[][] = [];
      const input: SharedInput = { ...shape, rows, shifts: 1, opening: 'any', onOpen: (label, values) => void (label === 'masked-scores' && opened.push(Array.from(values))) };
      run(network, new Array<number>(rows).fill(score), input);
      expect(opened).toHaveLength(committee.length);
      const counts = new Array<number>(64).fill(0);
      for (const c of opened[0]!) counts[c >> 7]! += 1;
      // The last cell holds 127 residues, not 128.
      expect(chiSquareScore(counts.slice(0, -1))).toBeLessThan(5);
      for (const other of opened) expect(other).toEqual(opened[0]);
    }
  });
});

test('(7, 2): two liars that add a word of small weight are caught, and no honest node is named', () => {
  const committee = partyIds(1, 2, 3, 4, 5);
  const network = wideNetwork(7, 2, committee);
  const liars = partyIds(2, 5);
  for (const helper of [1, 3, 4, 6, 7] as PartyId[]) {
    // A word of degree 4 that is 0 but at three points: decoding one error would name the third, an honest node.
    const zeros = allParties(7).filter((party) => ![...liars, helper].includes(party));
    const at = (x: number): number => zeros.reduce((value, zero) => field.mul(value, field.reduce(x - zero)), 1);
    const scale = field.mul(1200, field.inv(at(0)));
    const outcomes = run(network, losing, shape, shifting(liars, (value, from) => field.add(value, field.mul(at(from), scale))));
    for (const member of committee) if (!liars.includes(member)) expect(outcomes.get(member)).toEqual(aborted([]));
  }
});

test('nodes that were told of different committees or lanes under one batch id hold unrelated masks', () => {
  const keys = () => holderKeys(allParties(5), 1).get(allParties(5)[4]!)!;
  const [self] = partyIds(5);
  const maskOf = (committee: PartyId[], lanes: number) => outsideBatch({ self: self!, committee, threshold: 1, wideKeys: keys(), p, lanes, batchId: id16('batch') }).take(0, 32).consume().mask;
  const [first, same, elsewhere, longer] = [maskOf(partyIds(1, 2, 3), 32), maskOf(partyIds(1, 2, 3), 32), maskOf(partyIds(1, 2, 4), 32), maskOf(partyIds(1, 2, 3), 64)];
  expect(same).toEqual(first);
  for (const other of [elsewhere, longer]) expect(other.filter((value, lane) => value === first[lane]).length).toBeLessThan(3);
});

describe('what does not fit is refused', () => {
  const committee = partyIds(1, 2, 3);
  const network = wideNetwork(4, 1, committee);
  const batches = wideBatches(network, p, 320, 'refused');
  const products = shareScores(losing, p, network.holders, 1, seededUint32(1));
  const badInput = expect.objectContaining({ code: 'comparison.input' });

  test.each<[string, object]>([
    ['fewer than 3t + 1 holders', { holders: committee }],
    ['holders out of order', { holders: partyIds(4, 3, 2, 1) }],
    ['holders without the committee', { holders: partyIds(1, 2, 4, 5) }],
    ['holders other than those of the masks', { holders: partyIds(1, 2, 3, 4, 5) }],
    ['a subject that is no hash', { subject: new Uint8Array(31) }],
  ])('%s', (name, wide) => {
    expect(() => runSimulation(wideMachines(network, batches, products, name, shape, () => wide))).toThrow(badInput);
  });

  test('masks of a committee alone, keys of too few holders, a member outside its committee', () => {
    const narrow = holderKeys(partyIds(1, 2, 3), 1);
    expect(() => wideBatches({ ...network, wideKeys: narrow }, p, 32, 'narrow')).toThrow(expect.objectContaining({ code: 'keys.mismatch' }));
    const self = committee[0]!;
    const common = { self, committee, threshold: 1, p, lanes: 32, batchId: id16('inside') };
    expect(() => outsideBatch({ ...common, wideKeys: network.wideKeys.get(self)! })).toThrow(expect.objectContaining({ code: 'committee.malformed' }));
    const wide = { holders: network.holders, subject: new Uint8Array(32) };
    const contribution = contributeProtocol({ ...common, runId: id16('run'), rows: 4, shifts: 3, products: products.get(self)!, correlations: [], wide });
    expect(() => contribution.next()).toThrow(badInput);
  });
});

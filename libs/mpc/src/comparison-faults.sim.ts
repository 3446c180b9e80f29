import { describe, expect, test } from '@jest/globals';
import { type PartyId } from '@boop/shared';
import { nodeAesCtr, runSimulation, seededRng, seededUint32, type Tamper } from '@boop/testing';
import { committeeFamily, type Decision, type Opening } from './index.ts';
import { comparisonMachines, correlationMachines, keyMachines, lanesFor, outputsOf, partyIds, shareScores, takeLanes } from './testing/committee-harness.ts';

const HEADER = 2;

interface Setup {
  readonly committee: PartyId[];
  readonly scores: number[];
  readonly rows: number;
  readonly opening: Opening;
}

const statistic = { p: 8191, scoreMax: 2048, theta: 302, shifts: 3, prf: nodeAesCtr };

function compare({ committee, scores, rows, opening }: Setup, seed: number, tamper?: Tamper) {
  const threshold = (committee.length - 1) / 2;
  const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(seed * 100 + party)), { seed }));
  const batches = outputsOf(runSimulation(correlationMachines(keys, threshold, 8191, lanesFor(scores.length), 'batch', nodeAesCtr), { seed }));
  const products = shareScores(scores, 8191, committee, threshold, seededUint32(seed));
  const machines = comparisonMachines(keys, threshold, takeLanes(batches, 0, lanesFor(scores.length)), products, 'run', { ...statistic, rows, opening });
  return runSimulation(machines, tamper ? { seed, tamper } : { seed });
}

const impostor = (committee: PartyId[], opening: Opening = 'identify', rows = 5): Setup => ({ committee, rows, opening, scores: new Array<number>(rows * 3).fill(-700) });

describe.each([[partyIds(1, 3, 4)], [partyIds(1, 2, 4, 5, 7)]])('committee %p', (committee) => {
  const [liar, victim] = [committee[1]!, committee[2]!];
  const honest = compare(impostor(committee), 1);
  // Rounds in which this link carries a message.
  const messages: number[] = [];
  compare(impostor(committee), 1, (from, to, payload, index) => {
    if (from === liar && to === victim) messages.push(index);
    return payload;
  });

  test('without faults nobody is accepted', () => {
    for (const outcome of honest.values()) expect(outcome).toEqual({ kind: 'done', output: { kind: 'none' } });
    expect(messages.length).toBe(3);
  });

  const faults: [string, (payload: Uint8Array) => Uint8Array | 'drop' | 'duplicate'][] = [
    ['truncated', (payload) => payload.subarray(0, payload.length - 1)],
    ['longer', (payload) => Uint8Array.of(...payload, 0)],
    ['empty', (payload) => payload.subarray(0, HEADER)],
    ['headless', () => new Uint8Array(1)],
    ['from a past or far round', (payload) => Uint8Array.of(0, payload[1]! ^ 0x40, ...payload.subarray(HEADER))],
    ['twice', () => 'duplicate'],
    ['lost', () => 'drop'],
  ];

  test.each(faults)('a message %s, in any round, aborts or stalls its receiver and is never accepted', (name, change) => {
    for (const at of messages) {
      const outcomes = compare(impostor(committee), at + 2, (from, to, payload, index) => (from === liar && to === victim && index === at ? change(payload) : payload));
      const outcome = outcomes.get(victim)!;
      if (name === 'lost') expect(outcome).toEqual({ kind: 'stalled' });
      else if (name === 'twice' && outcome.kind === 'done') expect(outcome.output).toEqual({ kind: 'none' });
      else expect(outcome).toEqual({ kind: 'abort', code: expect.stringMatching(/^(mpc|protocol)\./), blame: [liar] });
      for (const other of outcomes.values()) if (other.kind === 'done') expect(other.output).toEqual({ kind: 'none' });
    }
  });

  test('residues outside the field name their sender', () => {
    const outcomes = compare(impostor(committee), 2, (from, to, payload, index) => (from === liar && to === victim && index === 0 ? payload.fill(0xff, HEADER, HEADER + 2) : payload));
    expect(outcomes.get(victim)).toEqual({ kind: 'abort', code: 'mpc.malformed-message', blame: [liar] });
  });
});

test('a lying member can turn a single committee, and is outvoted in the family', () => {
  // Inverts its summand of the one opened bit: well-formed, so one committee can't notice.
  const liar = partyIds(2)[0]!;
  const { committees, verified } = committeeFamily(partyIds(1, 2, 3, 4, 5), 5, 1);
  expect(verified).toBe(true);
  const decisions = committees.map((committee, i) => {
    const last = compare(impostor(committee, 'any', 1), i + 1);
    let finalRound = 0;
    compare(impostor(committee, 'any', 1), i + 1, (from, _to, payload) => {
      if (from === committee[0]) finalRound = Math.max(finalRound, payload[1]!);
      return payload;
    });
    const outcomes = compare(impostor(committee, 'any', 1), i + 1, (from, _to, payload) => (from === liar && payload[1] === finalRound ? payload.map((byte, at) => (at === HEADER ? byte ^ 1 : byte)) : payload));
    expect(outputsOf(last).get(committee[0]!)).toEqual({ kind: 'bit', bit: false });
    const judge = committee.find((party) => party !== liar)!;
    return (outputsOf(outcomes).get(judge) as Extract<Decision, { kind: 'bit' }>).bit;
  });
  expect(decisions).toContain(true);
  expect(decisions).toContain(false);
});

describe('inputs that would leak or mislead are refused', () => {
  const committee = partyIds(1, 2, 3);
  const keys = outputsOf(runSimulation(keyMachines(committee, 1, (party) => seededRng(party))));
  const batches = outputsOf(runSimulation(correlationMachines(keys, 1, 8191, 320, 'batch', nodeAesCtr)));
  const products = shareScores([1, 2], 8191, committee, 1, seededUint32(1));
  const input = { ...statistic, rows: 2, shifts: 1, opening: 'any' as const };
  const refusal = (code: string) => expect.objectContaining({ code });

  test('the same correlations twice', () => {
    const lanes = takeLanes(batches, 0, 32);
    outputsOf(runSimulation(comparisonMachines(keys, 1, lanes, products, 'first', input)));
    expect(() => runSimulation(comparisonMachines(keys, 1, lanes, products, 'second', input))).toThrow(refusal('correlation.reused'));
  });

  test('the same run id twice', () => {
    outputsOf(runSimulation(comparisonMachines(keys, 1, takeLanes(batches, 32, 64), products, 'third', input)));
    expect(() => runSimulation(comparisonMachines(keys, 1, takeLanes(batches, 64, 96), products, 'third', input))).toThrow(refusal('keys.reused'));
  });

  test.each([
    ['too few lanes', { rows: 33, shifts: 1 }, 33],
    ['dimensions that do not fit', { rows: 3 }, 2],
    ['θ above the range', { theta: 2049 }, 2],
    ['θ that accepts everything', { theta: 2048 - 8190 }, 2],
    ['θ that is no integer', { theta: 0.5 }, 2],
    ['correlations of another field', { p: 65521 }, 2],
    ['no rows', { rows: 0 }, 0],
  ])('%s', (name, change, count) => {
    const shares = shareScores(new Array<number>(count).fill(5), 8191, committee, 1, seededUint32(1));
    const from = batches.get(committee[0]!)!.nextLane;
    expect(() => runSimulation(comparisonMachines(keys, 1, takeLanes(batches, from, from + 32), shares, name, { ...input, ...change }))).toThrow(refusal('comparison.input'));
  });
});

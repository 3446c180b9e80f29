import { describe, expect, test } from '@jest/globals';
import { type PartyId } from '@boop/shared';
import { runSimulation, seededUint32, type Tamper } from '@boop/testing';
import { committeeFamily } from '../committee.ts';
import { type Decision } from '../match-sums.ts';
import { lanesFor, type Machines, shareScores } from '../testing/committee-harness.ts';
import { allParties } from '../testing/split-harness.ts';
import { wideBatches, wideMachines, wideNetwork } from '../testing/wide-harness.ts';
import { disagreements, nameLiars } from './liars.ts';

const shape = { p: 8191, scoreMax: 2048, theta: 302, rows: 4, shifts: 2, opening: 'identify' as const };
const losing = new Array<number>(8).fill(-700);
const row = 2;
/** One-hot: agreement on the run, c, the test, the decision. */
const openingRound = 3;

/** In the one message of the last round of a liar, (P, Q) ⊕ (1, row): two zeros become the row, at everybody. */
function forging(liars: readonly PartyId[]): Tamper {
  return (from, _to, payload) => {
    if (!liars.includes(from) || payload.length !== 18 || payload[1] !== openingRound) return payload;
    const forged = payload.slice();
    if (from !== liars[0]) return forged;
    forged[2]! ^= 1;
    forged[10]! ^= row;
    return forged;
  };
}

let runs = 0;
/** What honest members of a committee decide about somebody whom nobody matches. */
function decide(nodes: number, threshold: number, committee: readonly PartyId[], liars: readonly PartyId[]): Decision {
  const seed = (runs += 1);
  const network = wideNetwork(nodes, threshold, committee, seed);
  const batches = wideBatches(network, shape.p, lanesFor(losing.length), `batch ${seed}`, seed);
  const products = shareScores(losing, shape.p, network.holders, threshold, seededUint32(seed));
  const machines: Machines<Decision | undefined> = wideMachines(network, batches, products, `run ${seed}`, shape);
  const outcomes = runSimulation(machines, { seed, tamper: forging(liars.filter((liar) => committee.includes(liar))) });
  const honest = committee.find((party) => !liars.includes(party))!;
  const outcome = outcomes.get(honest)!;
  if (outcome.kind !== 'done' || !outcome.output) throw new Error('the run did not end');
  return outcome.output;
}

describe.each([
  [4, 1],
  [5, 1],
  [7, 2],
])('(%i, %i)', (nodes, threshold) => {
  test('liars can have their own committee name whatever row they like, and never a whole family', () => {
    for (const liars of threshold === 1 ? allParties(nodes).map((party) => [party]) : [allParties(nodes).slice(0, 2), allParties(nodes).slice(-2)]) {
      const decisions = committeeFamily(allParties(nodes), nodes, threshold).committees.slice(0, 7).map((committee) => ({ committee, answer: decide(nodes, threshold, committee, liars) }));
      for (const { committee, answer } of decisions) expect(answer).toEqual(committee.some((party) => liars.includes(party)) ? { kind: 'one', row } : { kind: 'none' });
    }
  }, 120_000);
});

test('five nodes name whoever forged, from the answers of all committees', () => {
  for (const liar of allParties(5)) {
    const all = allParties(5);
    const committees = all.flatMap((a, i) => all.slice(i + 1).flatMap((b, j) => all.slice(i + j + 2).map((c) => [a, b, c])));
    const decisions = committees.map((committee) => ({ committee, answer: decide(5, 1, committee, [liar]).kind }));
    expect(nameLiars({ nodes: 5, threshold: 1 }, disagreements(decisions)).named).toEqual([liar]);
  }
});

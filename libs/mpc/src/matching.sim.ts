import { beforeAll, describe, expect, test } from '@jest/globals';
import { type Kernel, loadKernel, twinKernel } from '@boop/kernels';
import { type PartyId } from '@boop/shared';
import { nodeAesCtr, runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { type Opening, pairScoreShares, palmStatistic, parseShare, score, scoreShares, splitTemplate } from './index.ts';
import { comparisonMachines, correlationMachines, drawCommittee, keyMachines, lanesFor, outputsOf, plainDecision, type SharedInput, takeLanes } from './testing/committee-harness.ts';
import { randomTemplate, recapture } from './testing/templates.ts';

const shifts = palmStatistic.shifts.length;
let kernel: Kernel;
beforeAll(async () => {
  kernel = await loadKernel();
});

/** Splits, scores over shares and decides, all as nodes would; returns each member's decision. */
function decideOver(nodes: number, threshold: number, committee: PartyId[], probe: Int8Array, gallery: Int8Array[], opening: Opening, theta: number, seed: number) {
  const rng = seededRng(seed);
  const parameters = { nodes, threshold };
  const probeShares = splitTemplate(probe, palmStatistic, parameters, rng);
  const rowShares = gallery.map((template) => splitTemplate(template, palmStatistic, parameters, rng));
  const products = new Map(
    committee.map((party) => {
      const resident = kernel.createGallery(palmStatistic.coordinates, palmStatistic.p);
      for (const shares of rowShares) resident.append(parseShare(shares[party - 1]!, palmStatistic));
      return [party, scoreShares(resident, parseShare(probeShares[party - 1]!, palmStatistic), palmStatistic)];
    }),
  );
  const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(seed * 100 + party)), { seed }));
  const lanes = lanesFor(gallery.length * shifts);
  const batches = outputsOf(runSimulation(correlationMachines(keys, threshold, palmStatistic.p, lanes, 'batch', nodeAesCtr), { seed }));
  const input: SharedInput = { p: palmStatistic.p, scoreMax: palmStatistic.scoreMax, theta, rows: gallery.length, shifts, opening, prf: nodeAesCtr };
  return [...outputsOf(runSimulation(comparisonMachines(keys, threshold, takeLanes(batches, 0, lanes), products, 'run', input), { seed })).values()];
}

describe.each([[3, 1], [5, 1], [5, 2]])('(%i, %i): palms over shares are decided as in the clear', (nodes, threshold) => {
  test.each<[string, number[]]>([
    ['a stranger', []],
    ['one enrolled palm, displaced', [4]],
    ['a palm enrolled twice', [2, 6]],
  ])('%s', (_, enrolled) => {
    const next = seededUint32(nodes * 10 + threshold + enrolled.length);
    const probe = randomTemplate(palmStatistic, next);
    const gallery = Array.from({ length: 8 }, (_row, row) => (enrolled.includes(row) ? recapture(palmStatistic, probe, next() % shifts, 120, next) : randomTemplate(palmStatistic, next)));
    const best = gallery.map((template) => score(palmStatistic, probe, template));
    const input = { p: palmStatistic.p, scoreMax: palmStatistic.scoreMax, theta: 302, rows: 8, shifts: 1, opening: 'identify' as const };
    const expected = plainDecision(best, input);
    expect(expected.kind).toBe(['none', 'one', 'several'][enrolled.length]);
    for (const decision of decideOver(nodes, threshold, drawCommittee(nodes, threshold, next), probe, gallery, 'identify', 302, 1 + enrolled.length)) expect(decision).toEqual(expected);
  });
});

test('a probe changed bit by bit falls from accepted to rejected at the same bit as in the clear', () => {
  const next = seededUint32(77);
  const reference = randomTemplate(palmStatistic, next);
  const probe = recapture(palmStatistic, reference, 12, 100, next);
  const genuine = score(palmStatistic, probe, reference);
  // θ a little below the score: flipping one agreeing bit lowers it by 2.
  const theta = genuine - 7;
  const seen: boolean[] = [];
  for (let i = 0, run = 0; run < 9; i++) {
    if (probe[i] === 0 || probe[i] !== reference[i]) continue;
    const expected = score(palmStatistic, probe, reference) >= theta;
    const [decision] = decideOver(5, 1, drawCommittee(5, 1, next), probe, [reference], 'any', theta, ++run);
    expect(decision).toEqual({ kind: 'bit', bit: expected });
    seen.push(expected);
    probe[i]! *= -1;
  }
  expect(new Set(seen).size).toBe(2);
});

test('pairwise shares are those of a gallery of one, with either kernel', () => {
  const next = seededUint32(5);
  const template = (): Int16Array => parseShare(splitTemplate(randomTemplate(palmStatistic, next), palmStatistic, { nodes: 3, threshold: 1 }, seededRng(next()))[0]!, palmStatistic);
  const pairs = [1, 2].map(() => ({ probe: template(), reference: template() }));
  const expected = pairs.flatMap(({ probe, reference }) => {
    const resident = twinKernel().createGallery(palmStatistic.coordinates, palmStatistic.p);
    resident.append(reference);
    return [...scoreShares(resident, probe, palmStatistic)];
  });
  expect([...pairScoreShares(kernel, pairs, palmStatistic)]).toEqual(expected);
  expect([...pairScoreShares(twinKernel(), pairs, palmStatistic)]).toEqual(expected);
});

test('α and β weigh code and mask', () => {
  const statistic = { ...palmStatistic, p: 65521, alpha: 2, beta: 3 };
  const next = seededUint32(6);
  const [a, b] = [randomTemplate(palmStatistic, next), randomTemplate(palmStatistic, next)];
  // Degree-0 "shares" are the values themselves.
  const products = pairScoreShares(kernel, [{ probe: Int16Array.from(a), reference: Int16Array.from(b) }], statistic);
  const best = Math.max(...[...products].map((residue) => (residue > 32760 ? residue - 65521 : residue)));
  expect(best).toBe(score(statistic, a, b));
});

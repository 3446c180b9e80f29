import { expect, test } from '@jest/globals';
import { loadKernel } from '@boop/kernels';
import { nodeAesCtr, runSimulation, seededRng, seededUint32 } from '@boop/testing';
import { pairScoreShares, palmStatistic, parseShare, score, splitTemplate } from './index.ts';
import { comparisonMachines, correlationMachines, drawCommittee, keyMachines, lanesFor, outputsOf, type SharedInput, takeLanes } from './testing/committee-harness.ts';
import { randomTemplate, recapture } from './testing/templates.ts';

const CASES = 10_000;
const BATCH_LANES = 32_768;
const shifts = palmStatistic.shifts.length;
const width = lanesFor(shifts);

test('10,000 random 1:1 cases, probes changed one bit at a time across the threshold, are decided as in the clear', async () => {
  const kernel = await loadKernel();
  const next = seededUint32(20_000);
  const parameters = { nodes: 5, threshold: 1 };
  const rng = seededRng(20_001);
  const committee = drawCommittee(5, 1, next);
  const keys = outputsOf(runSimulation(keyMachines(committee, 1, (party) => seededRng(party))));
  const input: SharedInput = { p: palmStatistic.p, scoreMax: palmStatistic.scoreMax, theta: 302, rows: 1, shifts, opening: 'any', prf: nodeAesCtr };
  let batches = outputsOf(runSimulation(correlationMachines(keys, 1, palmStatistic.p, BATCH_LANES, 'batch 0', nodeAesCtr)));
  let lane = 0;
  let reference: Int8Array = new Int8Array(0);
  let probe: Int8Array = new Int8Array(0);
  let referenceShares: Uint8Array[] = [];
  const seen = { true: 0, false: 0 };
  for (let run = 0; run < CASES; run++) {
    if (run % 50 === 0) {
      reference = randomTemplate(palmStatistic, next);
      probe = recapture(palmStatistic, reference, next() % shifts, 100, next);
      referenceShares = splitTemplate(reference, palmStatistic, parameters, rng);
      // Down to just above θ at once, then bit by bit across it.
      while (score(palmStatistic, probe, reference) > input.theta + 40) for (let k = 0; k < 10; k++) probe[next() % palmStatistic.codeCoordinates]! *= -1;
    } else {
      probe[next() % palmStatistic.codeCoordinates]! *= -1;
    }
    if (lane + width > BATCH_LANES) {
      batches = outputsOf(runSimulation(correlationMachines(keys, 1, palmStatistic.p, BATCH_LANES, `batch ${run}`, nodeAesCtr)));
      lane = 0;
    }
    const probeShares = splitTemplate(probe, palmStatistic, parameters, rng);
    const products = new Map(
      committee.map((party) => [
        party,
        pairScoreShares(kernel, [{ probe: parseShare(probeShares[party - 1]!, palmStatistic), reference: parseShare(referenceShares[party - 1]!, palmStatistic) }], palmStatistic),
      ]),
    );
    const outcomes = runSimulation(comparisonMachines(keys, 1, takeLanes(batches, lane, lane + width), products, `run ${run}`, input), { seed: run });
    lane += width;
    const bit = score(palmStatistic, probe, reference) >= input.theta;
    seen[`${bit}`] += 1;
    for (const decision of outputsOf(outcomes).values()) expect({ run, decision }).toEqual({ run, decision: { kind: 'bit', bit } });
  }
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(CASES / 20);
}, 1_200_000);

import { describe, expect, test } from '@jest/globals';
import { type Round } from '@boop/shared';
import { runSimulation, seededRng } from '@boop/testing';
import { type Adder, type BackEndName, backEnds, blockId, offlineBlock, onlineBlock } from './index.ts';
import { partyOf } from './testing/block-harness.ts';
import { id16, keyMachines, laneKernel, outputsOf, partyIds, shareScores } from './testing/committee-harness.ts';

/** Drives generators in lockstep; rounds and bytes sent by all together. */
function drive<Output>(protocols: Map<number, Generator<Round, Output, ReadonlyMap<number, Uint8Array>>>): { outputs: Map<number, Output>; rounds: number; bytes: number } {
  const outputs = new Map<number, Output>();
  let inboxes = new Map<number, Map<number, Uint8Array>>([...protocols.keys()].map((party) => [party, new Map()]));
  let [rounds, bytes] = [-1, 0];
  while (outputs.size < protocols.size) {
    const next = new Map<number, Map<number, Uint8Array>>([...protocols.keys()].map((party) => [party, new Map()]));
    for (const [party, protocol] of protocols) {
      const step = protocol.next(inboxes.get(party)!);
      if (step.done) outputs.set(party, step.value);
      else for (const { to, payload } of step.value.send) {
        next.get(to)!.set(party, payload.slice());
        bytes += payload.length;
      }
    }
    inboxes = next;
    rounds += 1;
  }
  return { outputs, rounds, bytes };
}

const LANES = 1280;

describe.each([1, 2])('t = %i: what the port says of a back end is what it takes', (threshold) => {
  const committee = partyIds(...Array.from({ length: 2 * threshold + 1 }, (_, i) => i + 1));
  const keys = outputsOf(runSimulation(keyMachines(committee, threshold, (party) => seededRng(party))));
  const cases = (Object.keys(backEnds) as BackEndName[]).flatMap((name) => [8191, 65521].flatMap((p) => (['ripple', 'log'] as Adder[]).map((adder) => [name, p, adder] as const)));

  test.each(cases)('%s over %i, %s', (backEnd, p, adder) => {
    const settings = { threshold, p, backEnd, adder, scoreMax: 2048, theta: 302 };
    const arenas = new Map(committee.map((party) => [party, laneKernel.createArena()]));
    const id = blockId(id16(`${backEnd}/${adder}`), p);
    // Dealers change from batch to batch, so bits are compared over the whole committee.
    const made = drive(new Map(committee.map((self) => [self, offlineBlock(partyOf(self, keys, settings), arenas.get(self)!, { batchId: id, lanes: LANES })])));
    expect(made.rounds).toBe(backEnds[backEnd].offlineRounds(p, threshold, adder));
    expect((made.bytes * 8) / LANES / committee.length).toBeCloseTo(backEnds[backEnd].offlineBits(p, threshold, adder), 6);
    const products = shareScores(new Array<number>(LANES).fill(-5), p, committee, threshold, () => 77);
    const shape = { probes: 1, shifts: 1, rows: LANES, firstRow: 0, theta: 302, scoreMax: 2048 };
    const compared = drive(
      new Map(committee.map((self) => [self, onlineBlock(partyOf(self, keys, settings), arenas.get(self)!, { ...shape, runId: id, correlations: made.outputs.get(self)!, products: products.get(self)!, opening: 'any' })])),
    );
    expect(compared.rounds).toBe(backEnds[backEnd].onlineRounds(p));
    expect((compared.bytes * 8) / LANES / committee.length).toBeCloseTo(backEnds[backEnd].onlineBits(p, threshold), 6);
  });
});

import { describe, expect, test } from '@jest/globals';
import { createField, interpolate, subsets } from '@boop/field';
import { type PartyId, roundMachine, toHex } from '@boop/shared';
import { chiSquareScore, nodeAesCtr, runSimulation } from '@boop/testing';
import { twinLaneKernel } from '@boop/kernels';
import { BooleanEngine, type Rounds } from './boolean-engine.ts';
import { openWords } from './decision.ts';
import { CommitteeKeys, correlationBatch, type Prf } from './index.ts';
import { KeyStream } from './prf.ts';
import { createReplication } from './replication.ts';
import { id16, outputsOf, partyIds } from './testing/committee-harness.ts';

// Privacy against t colluding members, tested by giving them all they know: every stream that one of them can compute is
// replaced by zeros, and what they receive must still be uniform because of the one component that they all lack.

const silent: Prf = { keystream: (_key, _first, count) => new Uint8Array(count * 16) };
const keyOf = (component: number): Uint8Array => new Uint8Array(32).fill(component + 1);
const LANES = 4096;

describe.each([1, 2, 3])('t = %i', (threshold) => {
  const committee = partyIds(...Array.from({ length: 2 * threshold + 1 }, (_, i) => i + 1));
  const coalitions = subsets(committee, threshold).filter((_, i, all) => i % Math.ceil(all.length / 5) === 0);

  /** Runs one engine method at all members on summands of zero; returns what honest members send to the coalition. */
  function received(coalition: PartyId[], method: (engine: BooleanEngine, summand: number, streams: readonly KeyStream[]) => Rounds<unknown>): Map<PartyId, Uint8Array> {
    const machines = new Map(
      committee.map((self) => {
        const replication = createReplication(self, committee, threshold);
        const known = (component: number): boolean => coalition.some((party) => replication.components[component]!.holders.includes(committee.indexOf(party)));
        const streams = replication.held.map((component) => new KeyStream(known(component) ? silent : nodeAesCtr, keyOf(component)));
        const engine = new BooleanEngine(replication, streams, twinLaneKernel().createArena(), LANES / 8);
        return [self, roundMachine(() => method(engine, engine.newZeros(LANES / 8), streams))] as const;
      }),
    );
    const seen = new Map<PartyId, Uint8Array>();
    const outcomes = runSimulation(machines, {
      tamper: (from, to, payload) => (!coalition.includes(from) && coalition.includes(to) && seen.set(from, payload.subarray(2)), payload),
    });
    outputsOf(outcomes);
    return seen;
  }

  const score = (bytes: Uint8Array): number => {
    const counts = new Array<number>(16).fill(0);
    for (const byte of bytes) {
      counts[byte & 15]! += 1;
      counts[byte >> 4]! += 1;
    }
    return chiSquareScore(counts);
  };

  test('a re-shared vector is hidden from every coalition that receives it', () => {
    let messages = 0;
    for (const coalition of coalitions) {
      for (const payload of received(coalition, (engine, summand) => engine.reshare(summand, 1, LANES / 8)).values()) {
        messages += 1;
        expect(score(payload)).toBeLessThan(5);
      }
    }
    expect(messages).toBeGreaterThan(0);
  });

  test('an AND of zeros and a dealt vector of zeros are hidden alike', () => {
    for (const coalition of coalitions) {
      const and = received(coalition, (engine) => engine.and([[engine.zero, engine.zero]], LANES / 8));
      const dealers = Array.from({ length: threshold }, (_, i) => (coalition[0]! + i) % committee.length);
      const deal = received(coalition, (engine, summand) => engine.deal(dealers, dealers.includes(engine.replication.me) ? summand : undefined, 1, LANES / 8));
      for (const payload of [...and.values(), ...deal.values()]) expect(score(payload)).toBeLessThan(5);
    }
  });

  test('an opening shows a coalition the sum of the honest summands and nothing else', () => {
    for (const coalition of coalitions) {
      const payloads = [...received(coalition, ({ replication }, _, streams) => openWords(replication, streams, new Uint32Array(LANES / 32))).values()];
      expect(payloads).toHaveLength(threshold + 1);
      // Uniform one by one, and so is the sum of any t of them; the sum of all t + 1 is the secret, 0 here.
      for (const some of [1, threshold].flatMap((size) => subsets(payloads, size))) expect(score(xorAll(some))).toBeLessThan(5);
      expect(xorAll(payloads).every((byte) => byte === 0)).toBe(true);
    }
  });

  test('masks of scores are jointly uniform at all honest members', () => {
    const lanes = 1024;
    for (const coalition of coalitions.slice(0, threshold === 3 ? 1 : 2)) {
      const honest = committee.filter((party) => !coalition.includes(party));
      const known = new Set<string>();
      const watching: Prf = { keystream: (key, first, count) => (known.add(toHex(key)), nodeAesCtr.keystream(key, first, count)) };
      const partial: Prf = { keystream: (key, first, count) => (known.has(toHex(key)) ? silent : nodeAesCtr).keystream(key, first, count) };
      const run = (prf: Prf, parties: PartyId[]) =>
        runSimulation(
          new Map(
            parties.map((self) => {
              const held = createReplication(self, committee, threshold).held;
              const keys = new CommitteeKeys(self, committee, threshold, held.map(keyOf));
              return [self, roundMachine(() => correlationBatch({ self, committee, threshold, keys, p: 8191, lanes, batchId: id16('batch'), prf }))];
            }),
          ),
        );
      run(watching, coalition);
      const batches = outputsOf(run(partial, committee));
      const masks = honest.map((party) => batches.get(party)!.take(0, lanes).consume().mask);
      // t + 1 values with t + 1 unknowns: cells of the joint distribution of any two, and of a combination of all.
      for (const [a, b] of subsets(masks, 2) as [Uint16Array, Uint16Array][]) expect(jointScore(a, b)).toBeLessThan(5);
      const all = Uint16Array.from({ length: lanes }, (_, lane) => interpolate(createField(8191), honest, masks.map((mask) => mask[lane]!), 0));
      expect(jointScore(all, masks[0]!)).toBeLessThan(5);
      expect(jointScore(all, all)).toBeGreaterThan(5);
    }
  });
});

function xorAll(payloads: readonly Uint8Array[]): Uint8Array {
  return payloads.reduce((sum, payload) => sum.map((byte, i) => byte ^ payload[i]!));
}

/** χ² of pairs, 8 × 8 cells, and of each linear relation a·x + b with small coefficients that a missing mask would leave. */
function jointScore(a: Uint16Array, b: Uint16Array): number {
  const cells = new Array<number>(64).fill(0);
  a.forEach((value, lane) => (cells[((value >> 10) << 3) | (b[lane]! >> 10)]! += 1));
  let worst = chiSquareScore(cells);
  for (const [x, y] of [[1, 1], [1, 2], [2, 1], [1, -1], [3, 1], [1, 3], [3, 2], [2, 3], [3, -1], [1, -3]] as const) {
    const counts = new Array<number>(64).fill(0);
    a.forEach((value, lane) => (counts[((((value * x + b[lane]! * y) % 8191) + 8191) % 8191) >> 7]! += 1));
    worst = Math.max(worst, chiSquareScore(counts));
  }
  return worst;
}

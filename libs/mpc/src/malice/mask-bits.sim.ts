import { describe, expect, test } from '@jest/globals';
import { type LaneArena, type LaneKernel } from '@boop/kernels';
import { type PartyId, roundMachine } from '@boop/shared';
import { chiSquareScore, nodeAesCtr, runSimulation, seededUint32, type Tamper } from '@boop/testing';
import { sliceBytes } from '../boolean-engine.ts';
import { committeeFamily } from '../committee.ts';
import { correlationBatch, outsideBatch } from '../correlations.ts';
import { type Decision } from '../match-sums.ts';
import { id16, laneKernel, outputsOf, shareScores } from '../testing/committee-harness.ts';
import { allParties } from '../testing/split-harness.ts';
import { type WideNetwork, wideMachines, wideNetwork } from '../testing/wide-harness.ts';

const p = 8191;
const lanes = 32;
const shape = { p, scoreMax: 2048, theta: 302, rows: 4, shifts: 2, opening: 'identify' as const };
const row = 1;
/** What the dealer raises the bits of r by: a score S is then compared as S − shift. */
const shift = -1200;

/** A batch id for which this member of the committee deals (`offlineBlock`). */
const dealingId = (committee: readonly PartyId[], dealer: PartyId, name: string): Uint8Array => Uint8Array.of(committee.indexOf(dealer), ...id16(name).subarray(1));

/** A dealer's kernel: between the residues of r and the bits that it deals it raises its number, so that c still lies on its word and all shares of the bits fit together. */
function raisingKernel(by: number): LaneKernel {
  const { p: modulus } = shape;
  return {
    name: 'raising',
    createArena() {
      const arena = laneKernel.createArena();
      const toSlices: LaneArena['ops']['toSlices'] = (from, to, stride, count, q) => {
        const number = new Uint16Array(arena.view(from, 2 * count).buffer, from, count);
        for (let i = 0; i < count; i++) number[i] = (number[i]! + by + modulus) % modulus;
        arena.ops.toSlices(from, to, stride, count, q);
      };
      return {
        ops: { ...arena.ops, toSlices },
        allocate: (bytes) => arena.allocate(bytes),
        mark: () => arena.mark(),
        release: (mark) => arena.release(mark),
        view: (offset, bytes) => arena.view(offset, bytes),
        reset: () => arena.reset(),
        bytes: arena.bytes,
        wipe: () => arena.wipe(),
      };
    },
    giveBack: (arena) => arena.wipe(),
  };
}

/** What the dealer does: deals other bits to all alike, or flips the top bit of its number on the way to one receiver, so that shares don't fit together. */
type Lie = 'raised' | 'inconsistent';

const flipping = (liar: PartyId): Tamper => {
  let told: PartyId | undefined;
  const bytes = sliceBytes(lanes);
  return (from, to, payload, index) => {
    if (from !== liar || index > 0 || (told ??= to) !== to) return payload;
    return payload.map((byte, i) => (Math.floor((i - 2) / bytes) === 12 ? byte ^ 0xff : byte));
  };
};

let runs = 0;

interface Told {
  readonly decision: Decision;
  /** P and Q, as 32-bit words. */
  readonly opened: readonly number[];
}

/** What honest members decide about rows of these scores when a dealer tampers with the bits of r. */
function decide({ committee, threshold, holders, keys, wideKeys }: WideNetwork, scores: readonly number[], liar: PartyId, lie: Lie): Told {
  const seed = (runs += 1);
  const lies = committee.includes(liar);
  const batch = (self: PartyId) => ({ self, committee, threshold, wideKeys: wideKeys.get(self)!, p, lanes, batchId: dealingId(committee, lies ? liar : committee[0]!, ` batch ${seed}`), laneKernel: lies && lie === 'raised' && self === liar ? raisingKernel(shift) : laneKernel, prf: nodeAesCtr });
  const made = outputsOf(runSimulation(new Map(committee.map((self) => [self, roundMachine(() => correlationBatch({ ...batch(self), keys: keys.get(self)! }))])), { seed, ...(lies && lie === 'inconsistent' && { tamper: flipping(liar) }) }));
  const batches = new Map(holders.map((self) => [self, made.get(self) ?? outsideBatch(batch(self))]));
  const opened: number[][] = [];
  const input = { ...shape, onOpen: (label: string, values: ArrayLike<number>) => void (label === 'match-sums' && opened.push(Array.from(values))) };
  const products = shareScores(scores, p, holders, threshold, seededUint32(seed));
  const network = { committee, threshold, holders, keys, wideKeys };
  const outcomes = outputsOf(runSimulation(wideMachines(network, batches, products, `run ${seed}`, input), { seed }));
  return { decision: outcomes.get(committee.find((party) => party !== liar)!)!, opened: opened[0]! };
}

/** One row at this score, the others far below. */
const scoresWith = (score: number): number[] => Array.from({ length: shape.rows * shape.shifts }, (_, i) => (i === row * shape.shifts ? score : -5000));
const networks = new Map<string, WideNetwork>();
function networkOf(nodes: number, threshold: number, committee: readonly PartyId[]): WideNetwork {
  const name = `${nodes}: ${committee.join()}`;
  const known = networks.get(name) ?? wideNetwork(nodes, threshold, committee);
  networks.set(name, known);
  return known;
}

describe.each([
  [4, 1],
  [5, 1],
  [7, 2],
])('(%i, %i): a dealer that shifts the bits of r', (nodes, threshold) => {
  const { committees } = committeeFamily(allParties(nodes), nodes, threshold);
  const few = committees.slice(0, 4);

  test('learns on which side of another threshold a score lies, in its own committees alone; the others contradict', () => {
    for (const liar of threshold === 1 ? allParties(nodes) : [few[0]![0]!, few[0]!.at(-1)!]) {
      for (const committee of few) {
        const network = networkOf(nodes, threshold, committee);
        for (const score of [shape.theta + shift, shape.theta + shift - 1]) {
          const turned = committee.includes(liar) && score === shape.theta + shift;
          expect(decide(network, scoresWith(score), liar, 'raised').decision).toEqual(turned ? { kind: 'one', row } : { kind: 'none' });
        }
      }
    }
  });

  test('gets no more from what opens than none, one row, or several: the rest is uniform', () => {
    const [committee] = few as [PartyId[]];
    const network = networkOf(nodes, threshold, committee);
    const nibbles = new Array<number>(16).fill(0);
    const kinds = new Set<string>();
    for (const lie of ['raised', 'inconsistent'] as const) {
      for (let run = 0; run < (threshold === 1 ? 16 : 6); run++) {
        const second = run % 2 === 0 ? 700 : -5000;
        const scores = scoresWith(-700).map((score, i) => (i === 6 ? second : score));
        const { decision, opened } = decide(network, scores, committee[0]!, lie);
        if (lie === 'raised') kinds.add(`${second} ${decision.kind}`);
        // One row makes Q a public multiple of P.
        const words = decision.kind === 'one' ? opened.slice(0, 2) : opened;
        for (const word of words) if (word !== 0) for (let at = 0; at < 32; at += 4) nibbles[(word >>> at) & 15]! += 1;
      }
    }
    // −700 + 1200 is above θ, and so is 700 + 1200; −5000 + 1200 is not.
    expect([...kinds].sort()).toEqual(['-5000 one', '700 several']);
    expect(nibbles.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(200);
    expect(chiSquareScore(nibbles)).toBeLessThan(5);
  });
});

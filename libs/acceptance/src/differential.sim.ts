import { beforeAll, expect, test } from '@jest/globals';
import { decodeImage, encodePalm, syntheticPalm, thresholdFor } from '@boop/biometric';
import { opensslCtr as prf } from '@boop/engine';
import { type Kernel, loadKernel } from '@boop/kernels';
import { agreeCommitteeKeys, type CommitteeKeys, compareProtocol, type CorrelationBatch, correlationBatch, pairScoreShares, palmStatistic, parseShare, score, splitTemplate } from '@boop/mpc';
import { type PartyId, partyId, type Rng, roundMachine, type RoundProtocol } from '@boop/shared';
import { runSimulation, seededRng } from '@boop/testing';
import { realPalms } from './captures.ts';

const parameters = { nodes: 5, threshold: 1 };
const shifts = palmStatistic.shifts.length;
const lanesPerRun = 32 * Math.ceil(shifts / 32);
const batchLanes = lanesPerRun * 256;
const { theta } = thresholdFor();

/** Three of five nodes with keys and a stock of correlations, refilled as it runs out. */
class Committee {
  readonly #members: readonly PartyId[];
  readonly #keys: ReadonlyMap<PartyId, CommitteeKeys>;
  #stock: ReadonlyMap<PartyId, CorrelationBatch> = new Map();
  #next = batchLanes;
  #runs = 0;

  constructor(members: readonly number[], rng: Rng) {
    this.#members = members.map(partyId);
    this.#keys = this.#run((self) => agreeCommitteeKeys({ self, committee: this.#members, threshold: 1, context: new Uint8Array(32) }, rng));
  }

  /** Accept or not, over shares, by a full protocol run among the three. */
  decide(kernel: Kernel, probe: Int8Array, reference: Int8Array, rng: Rng): boolean {
    const [probeShares, referenceShares] = [probe, reference].map((values) => splitTemplate(values, palmStatistic, parameters, rng)) as [Uint8Array[], Uint8Array[]];
    if (this.#next === batchLanes) this.#refill();
    const from = this.#next;
    this.#next += lanesPerRun;
    const decisions = this.#run((self) =>
      compareProtocol({
        self,
        committee: this.#members,
        threshold: 1,
        keys: this.#keys.get(self)!,
        runId: this.#id(),
        p: palmStatistic.p,
        scoreMax: palmStatistic.scoreMax,
        theta,
        rows: 1,
        shifts,
        products: pairScoreShares(kernel, [{ probe: parseShare(probeShares[self - 1]!, palmStatistic), reference: parseShare(referenceShares[self - 1]!, palmStatistic) }], palmStatistic),
        correlations: [this.#stock.get(self)!.take(from, this.#next)],
        opening: 'any',
        prf,
      }),
    );
    this.#runs += 1;
    const bits = new Set([...decisions.values()].map((decision) => decision.kind === 'bit' && decision.bit));
    expect(bits.size).toBe(1);
    return [...bits][0]!;
  }

  #refill(): void {
    this.#stock = this.#run((self) => correlationBatch({ self, committee: this.#members, threshold: 1, keys: this.#keys.get(self)!, p: palmStatistic.p, batchId: this.#id(), lanes: batchLanes, prf }));
    this.#runs += 1;
    this.#next = 0;
  }

  #id(): Uint8Array {
    const id = new Uint8Array(16);
    new DataView(id.buffer).setUint32(0, this.#runs);
    return id;
  }

  #run<Output>(protocol: (self: PartyId) => RoundProtocol<Output>): Map<PartyId, Output> {
    const outcomes = runSimulation(new Map(this.#members.map((self) => [self, roundMachine(() => protocol(self))])), { seed: this.#runs + 1 });
    return new Map(
      [...outcomes].map(([party, outcome]) => {
        if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
        return [party, outcome.output];
      }),
    );
  }
}

const rng = seededRng(20_261);
const below = (n: number): number => new DataView(rng.bytes(4).buffer).getUint32(0) % n;
let kernel: Kernel;
let committees: readonly Committee[];

beforeAll(async () => {
  kernel = await loadKernel();
  committees = [[1, 2, 3], [1, 4, 5], [2, 3, 5]].map((members) => new Committee(members, rng));
});

/** Flips one valid code bit. */
function flip(values: Int8Array): void {
  for (;;) {
    const i = below(palmStatistic.codeCoordinates);
    if (values[i] === 0) continue;
    values[i] = -values[i]!;
    return;
  }
}

/**
 * Walks a probe bit by bit from a match to a non-match; the last `window` points of score above θ and as many below
 * are decided over shares, one flip at a time.
 * @returns how many were decided and on which sides
 */
function walk(probe: Int8Array, reference: Int8Array, window: number): { cases: number; accepted: number; wrong: number } {
  const values = probe.slice();
  const result = { cases: 0, accepted: 0, wrong: 0 };
  const decide = (): void => {
    const expected = score(palmStatistic, values, reference) >= theta;
    const decided = committees[result.cases % committees.length]!.decide(kernel, values, reference, rng);
    result.cases += 1;
    if (expected) result.accepted += 1;
    if (decided !== expected) result.wrong += 1;
  };
  decide();
  // A flip moves S by at most 2 at each shift, so so many are safe to take at once.
  for (let now = score(palmStatistic, values, reference); now >= theta - window; now = score(palmStatistic, values, reference)) {
    const far = Math.max(1, Math.floor((now - theta - window) / 2));
    for (let i = 0; i < far; i++) flip(values);
    if (far === 1) decide();
  }
  return result;
}

function randomTemplate(): Int8Array {
  const values = new Int8Array(palmStatistic.coordinates);
  for (let pixel = 0; pixel < 1024; pixel++) {
    if (below(100) >= 88) continue;
    values[3072 + pixel] = 1;
    for (let plane = 0; plane < 3; plane++) values[pixel * 3 + plane] = below(2) ? 1 : -1;
  }
  return values;
}

const add = (sum: { cases: number; accepted: number; wrong: number }, more: typeof sum): void => {
  sum.cases += more.cases;
  sum.accepted += more.accepted;
  sum.wrong += more.wrong;
};

test('10,000 random cases, a bit at a time across the threshold, decide over shares as in the clear', () => {
  const sum = { cases: 0, accepted: 0, wrong: 0 };
  while (sum.cases < 10_000) {
    const reference = randomTemplate();
    add(sum, walk(reference, reference, 40));
  }
  expect(sum.wrong).toBe(0);
  expect(sum.accepted).toBeGreaterThan(3000);
  expect(sum.cases - sum.accepted).toBeGreaterThan(3000);
}, 600_000);

const sets: readonly (readonly [string, () => readonly (readonly Uint8Array[])[]])[] = [
  ['all near infrared captures', () => [...realPalms('polyu-nir').values()]],
  ['all green captures', () => [...realPalms('polyu-green').values()]],
];

test.each(sets)('%s (synthetic ones where there are none) decide over shares as in the clear', (_, load) => {
  const real = load().map((files) => files.map((file) => encodePalm(decodeImage(file)).template.values));
  const palms = real.length
    ? real
    : Array.from({ length: 10 }, (_each, identity) => Array.from({ length: 6 }, (_one, capture) => encodePalm(syntheticPalm({ identity, position: 'left-palm', capture })).template.values));
  const sum = { cases: 0, accepted: 0, wrong: 0 };
  palms.forEach((captures, palm) =>
    captures.forEach((capture, i) => {
      add(sum, walk(capture, captures[(i + 1) % captures.length]!, 3));
      const other = palms[(palm + 1) % palms.length]![0]!;
      const expected = score(palmStatistic, capture, other) >= theta;
      sum.cases += 1;
      if (committees[i % 3]!.decide(kernel, capture, other, rng) !== expected) sum.wrong += 1;
    }),
  );
  expect(sum.wrong).toBe(0);
  expect(sum.accepted).toBeGreaterThanOrEqual(palms.flat().length);
}, 600_000);

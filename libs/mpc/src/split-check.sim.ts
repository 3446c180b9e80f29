import { describe, expect, test } from '@jest/globals';
import { createField, lagrangeCoefficients, subsets } from '@boop/field';
import { type PartyId, utf8 } from '@boop/shared';
import { nodeAesCtr, runSimulation, seededUint32, type Tamper } from '@boop/testing';
import { palmStatistic, type Statistic } from './index.ts';
import { allParties, type CheckSetup, type HandedIn, holderKeys, pairedStatistic, shareAnything, type ShareTable, splitCheckMachines } from './testing/split-harness.ts';
import { randomTemplate } from './testing/templates.ts';
import { decodeResidues, encodeResidues } from './wire.ts';

const HEADER = 2;
const COMBINATIONS = 6;
const refused = { kind: 'abort', code: 'split.invalid-form', blame: [] };

const parameters = [[4, 1], [5, 1], [7, 2]] as const;
const statistics: [string, Statistic][] = [['palm', palmStatistic], ['paired', pairedStatistic]];

/** What honest devices hand in. */
function honest(statistic: Statistic, next: () => number): HandedIn {
  const values = [...randomTemplate(statistic, next)];
  return { values, valid: values.slice(statistic.codeCoordinates).reduce((sum, m) => sum + m, 0) };
}

const edited = ({ values, valid }: HandedIn, at: number, value: number): HandedIn => ({ values: values.map((old, i) => (i === at ? value : old)), valid });

/** Templates that no device hands in, by what is wrong with them. */
function cheats(statistic: Statistic, next: () => number): [string, HandedIn][] {
  const { p, coordinates, codeCoordinates } = statistic;
  const masks = coordinates - codeCoordinates;
  const codes = codeCoordinates / masks;
  const fair = honest(statistic, next);
  const set = fair.values.findIndex((value, i) => i >= codeCoordinates && value === 1);
  const clear = fair.values.findIndex((value, i) => i >= codeCoordinates && value === 0);
  const codeOf = (mask: number): number => (mask - codeCoordinates) * codes + (next() % codes);
  const light = fair.values.map((value, i) => ((i < codeCoordinates ? Math.floor(i / codes) : i - codeCoordinates) < statistic.validMin - 1 ? value : 0));
  return [
    ['the wolf c = 0, m = −1', { values: Array.from({ length: coordinates }, (_, i) => (i < codeCoordinates ? 0 : -1)), valid: masks }],
    ['the wolf, declared as what it sums to', { values: Array.from({ length: coordinates }, (_, i) => (i < codeCoordinates ? 0 : -1)), valid: p - masks }],
    ['random field elements', { values: Array.from({ length: coordinates }, () => next() % p), valid: masks }],
    ['a code coordinate of 2', edited(fair, codeOf(set), 2)],
    ['a code coordinate of −2', edited(fair, codeOf(set), -2)],
    ['a mask coordinate of 2', edited(fair, set, 2)],
    ['a mask coordinate of −1', edited(fair, set, -1)],
    ['a code coordinate hidden under its mask', edited(fair, codeOf(set), 0)],
    ['a code coordinate outside the mask', edited(fair, codeOf(clear), 1)],
    ['a mask without its code', edited({ ...fair, valid: fair.valid + 1 }, clear, 1)],
    ['one valid coordinate more than declared', { ...fair, valid: fair.valid - 1 }],
    ['one valid coordinate fewer than declared', { ...fair, valid: fair.valid + 1 }],
    ['a mask too light, declared as enough', { values: light, valid: statistic.validMin }],
  ];
}

describe.each(parameters)('(%i, %i)', (nodes, threshold) => {
  const keys = holderKeys(allParties(nodes), threshold);
  const seedOf = nodes * 10 + threshold;
  let runs = 0;

  const check = (statistic: Statistic, items: CheckSetup['items'], tamper?: Tamper) => {
    const runId = `run ${(runs += 1)}`;
    return runSimulation(splitCheckMachines({ keys, threshold, runId, statistic, items, prf: nodeAesCtr }), { seed: seedOf + runs, ...(tamper && { tamper }) });
  };
  const everyoneRefuses = (outcomes: ReadonlyMap<PartyId, unknown>): void => {
    for (const outcome of outcomes.values()) expect(outcome).toEqual(refused);
  };

  describe.each(statistics)('%s', (_, statistic) => {
    const next = seededUint32(seedOf);
    const shared = ({ values, valid }: HandedIn, degree: number = threshold) => ({ table: shareAnything(values, statistic.p, nodes, degree, next), valid });

    test('well-formed templates pass at every node', () => {
      for (const count of [1, 3]) {
        const items = Array.from({ length: count }, () => shared(honest(statistic, next)));
        for (const outcome of check(statistic, items).values()) expect(outcome).toEqual({ kind: 'done', output: undefined });
      }
    });

    test.each(cheats(statistic, next).map(([name, handedIn]) => [name, handedIn] as const))('%s: no node accepts', (_name, handedIn) => {
      if (handedIn.valid > statistic.coordinates - statistic.codeCoordinates) {
        expect(() => check(statistic, [shared(handedIn)])).toThrow(expect.objectContaining({ code: 'split.invalid-form' }));
        return;
      }
      everyoneRefuses(check(statistic, [shared(handedIn)]));
      // Hidden behind templates that are in order.
      everyoneRefuses(check(statistic, [shared(honest(statistic, next)), shared(handedIn)]));
    });

    test('a declared mask below the minimum is refused before anything is sent', () => {
      const { values } = honest(statistic, next);
      for (const valid of [statistic.validMin - 1, 0, -1, 0.5, Number.NaN])
        expect(() => check(statistic, [shared({ values, valid })])).toThrow(expect.objectContaining({ code: 'split.invalid-form' }));
    });

    test('shares of a higher degree: no node accepts', () => {
      everyoneRefuses(check(statistic, [shared(honest(statistic, next), threshold + 1)]));
    });

    test('a share that is off at one node, in one coordinate: no node accepts, and none is named', () => {
      for (const coordinate of [0, statistic.codeCoordinates, statistic.coordinates - 1]) {
        for (let victim = 0; victim < nodes; victim++) {
          const item = shared(honest(statistic, next));
          const table: ShareTable = item.table.map((row, node) => (node === victim ? row.map((value, i) => (i === coordinate ? (value + 1) % statistic.p : value)) : row));
          everyoneRefuses(check(statistic, [{ ...item, table }]));
        }
      }
    });
  });

  describe('lying nodes', () => {
    const next = seededUint32(seedOf + 1);
    const field = createField(palmStatistic.p);
    const shared = ({ values, valid }: HandedIn) => ({ table: shareAnything(values, palmStatistic.p, nodes, threshold, next), valid });
    const rewritten = (payload: Uint8Array, from: PartyId, change: (values: Uint16Array) => void): Uint8Array => {
      const values = decodeResidues(field, payload.subarray(HEADER), 2 * COMBINATIONS, from);
      change(values);
      return Uint8Array.of(...payload.subarray(0, HEADER), ...encodeResidues(field, values));
    };
    const coalitions = allParties(nodes).map((first) => allParties(nodes).filter((party) => (party - first + nodes) % nodes < threshold));

    test.each(subsets(allParties(nodes), threshold).map((coalition) => [coalition.join(), coalition] as const))('%s cannot help the wolf past the others', (_name, coalition) => {
      const wolf = shared({ values: Array.from({ length: 4096 }, (_, i) => (i < 3072 ? 0 : -1)), valid: 1024 });
      const opened: number[][] = [];
      // The same keys twice, so that the second run has the masks of the first.
      const run = (tamper: Tamper) => {
        opened.length = 0;
        const onOpen = (label: string, values: ArrayLike<number>): void => void (label === 'split-form' && opened.push(Array.from(values)));
        return runSimulation(splitCheckMachines({ keys: holderKeys(allParties(nodes), threshold), threshold, runId: 'wolf', statistic: palmStatistic, items: [wolf], prf: nodeAesCtr, onOpen }), { tamper });
      };
      run((_from, _to, payload) => payload);
      // The liars know what the others will send, and move one of theirs so that 2t + 1 points interpolate to 0.
      const base = [...coalition, ...allParties(nodes).filter((party) => !coalition.includes(party))].slice(0, 2 * threshold + 1).sort((x, y) => x - y);
      const liar = coalition[0]!;
      const weights = lagrangeCoefficients(field, base);
      const zeroAt = (words: number[], k: number): number => base.reduce((sum, party, i) => (sum + weights[i]! * words[k * nodes + party - 1]!) % field.p, 0);
      const corrections = Array.from({ length: COMBINATIONS }, (_, k) => field.mul(field.reduce(-zeroAt(opened[0]!, k)), field.inv(weights[base.indexOf(liar)]!)));
      const outcomes = run((from, _to, payload) => (from === liar ? rewritten(payload, from, (values) => corrections.forEach((delta, k) => (values[COMBINATIONS + k] = field.add(values[COMBINATIONS + k]!, delta)))) : payload));
      for (const [party, outcome] of outcomes) if (!coalition.includes(party)) expect(outcome).toEqual(refused);
      expect(corrections).not.toContain(0);
      const honestViews = opened.filter((words) => corrections.every((_, k) => zeroAt(words, k) === 0));
      expect(honestViews.length).toBe(nodes - 1);
    });

    test.each(coalitions.map((coalition) => [coalition.join(), coalition] as const))('%s can have a good split refused, and nobody is named', (_name, coalition) => {
      for (let k = 0; k < 2 * COMBINATIONS; k += 5) {
        const outcomes = check(palmStatistic, [shared(honest(palmStatistic, next))], (from, _to, payload) => (coalition.includes(from) ? rewritten(payload, from, (values) => (values[k] = field.add(values[k]!, 1 + (next() % 8190)))) : payload));
        for (const [party, outcome] of outcomes) if (!coalition.includes(party) || threshold > 1) expect(outcome).toEqual(refused);
      }
    });

    test('one that lies to one node stops that one only', () => {
      const [liar, victim] = [allParties(nodes)[1]!, allParties(nodes)[2]!];
      const outcomes = check(palmStatistic, [shared(honest(palmStatistic, next))], (from, to, payload) => (from === liar && to === victim ? rewritten(payload, from, (values) => (values[7]! ^= 1)) : payload));
      for (const [party, outcome] of outcomes) expect(outcome).toEqual(party === victim ? refused : { kind: 'done', output: undefined });
    });

    test.each<[string, (payload: Uint8Array) => Uint8Array | 'drop', object]>([
      ['truncated', (payload) => payload.subarray(0, -1), { kind: 'abort', code: 'mpc.malformed-message' }],
      ['longer', (payload) => Uint8Array.of(...payload, 0), { kind: 'abort', code: 'mpc.malformed-message' }],
      ['outside the field', (payload) => payload.fill(0xff, HEADER, HEADER + 2), { kind: 'abort', code: 'mpc.malformed-message' }],
      ['lost', () => 'drop', { kind: 'stalled' }],
    ])('a message %s names its sender at most', (_name, change, outcome) => {
      const [liar, victim] = [allParties(nodes)[0]!, allParties(nodes)[3]!];
      const outcomes = check(palmStatistic, [shared(honest(palmStatistic, next))], (from, to, payload) => (from === liar && to === victim ? change(payload) : payload));
      expect(outcomes.get(victim)).toMatchObject(outcome);
      expect(outcomes.get(victim)).toEqual('code' in outcome ? { ...outcome, blame: [liar] } : outcome);
    });
  });
});

test('coefficients depend on the split: nodes that check different ones agree on nothing', () => {
  const next = seededUint32(9);
  const keys = holderKeys(allParties(4), 1);
  const fair = honest(palmStatistic, next);
  const items = [{ table: shareAnything(fair.values, 8191, 4, 1, next), valid: fair.valid }];
  const machines = splitCheckMachines({ keys, threshold: 1, runId: 'run', statistic: palmStatistic, items, prf: nodeAesCtr, splitHash: (party) => utf8(party < 3 ? 'a' : 'b') });
  for (const outcome of runSimulation(machines).values()) expect(outcome).toEqual(refused);
});

test('fewer than 3t + 1 nodes, keys of others and a run id used before are refused', () => {
  const next = seededUint32(10);
  const fair = honest(palmStatistic, next);
  const items = [{ table: shareAnything(fair.values, 8191, 5, 1, next), valid: fair.valid }];
  const setup = (keys: CheckSetup['keys'], runId = 'run'): CheckSetup => ({ keys, threshold: 1, runId, statistic: palmStatistic, items, prf: nodeAesCtr });
  expect(() => runSimulation(splitCheckMachines(setup(holderKeys(allParties(3), 1))))).toThrow(expect.objectContaining({ code: 'split.too-few-nodes', kind: 'unavailable' }));
  const keys = holderKeys(allParties(5), 1);
  const mixed = new Map([...holderKeys(allParties(4), 1)].map(([party]) => [party, keys.get(party)!]));
  expect(() => runSimulation(splitCheckMachines(setup(mixed)))).toThrow(expect.objectContaining({ code: 'keys.mismatch' }));
  runSimulation(splitCheckMachines(setup(keys)));
  expect(() => runSimulation(splitCheckMachines(setup(keys)))).toThrow(expect.objectContaining({ code: 'keys.reused' }));
});

import { describe, expect, test } from '@jest/globals';
import { createField, interpolate, subsets } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { chiSquareScore, nodeAesCtr, runSimulation, seededUint32 } from '@boop/testing';
import { HolderKeys, palmStatistic, type Prf } from './index.ts';
import { createHolding } from './holding.ts';
import { allParties, holderKeys, pairedStatistic, shareAnything, splitCheckMachines } from './testing/split-harness.ts';
import { randomTemplate } from './testing/templates.ts';
import { decodeResidues } from './wire.ts';

const COMBINATIONS = 6;
const parameters = [[4, 1], [5, 1], [7, 2]] as const;

describe.each(parameters)('(%i, %i)', (nodes, threshold) => {
  const parties = allParties(nodes);

  test('a check opens twelve words, sends one message to each other node and nothing else', () => {
    const next = seededUint32(1);
    const template = [...randomTemplate(palmStatistic, next)];
    const valid = template.slice(3072).reduce((sum, m) => sum + m, 0);
    const items = Array.from({ length: 4 }, () => ({ table: shareAnything(template, 8191, nodes, threshold, next), valid }));
    const opened: [string, number[]][] = [];
    const sizes: number[] = [];
    const machines = splitCheckMachines({ keys: holderKeys(parties, threshold), threshold, runId: 'run', statistic: palmStatistic, items, prf: nodeAesCtr, onOpen: (label, values) => opened.push([label, Array.from(values)]) });
    const outcomes = runSimulation(machines, { tamper: (_from, _to, payload) => (sizes.push(payload.length - 2), payload) });
    for (const outcome of outcomes.values()) expect(outcome).toEqual({ kind: 'done', output: undefined });
    // 12 residues of 13 bits.
    expect(sizes).toEqual(new Array<number>(nodes * (nodes - 1)).fill(20));
    expect(opened.map(([label]) => label).sort()).toEqual([...parties.map(() => 'split-degree'), ...parties.map(() => 'split-form')]);
    const field = createField(8191);
    for (const [label, values] of opened) {
      expect(values).toHaveLength(COMBINATIONS * nodes);
      if (label === 'split-form') for (let k = 0; k < COMBINATIONS; k++) expect(interpolate(field, parties.slice(0, 2 * threshold + 1), values.slice(k * nodes, k * nodes + 2 * threshold + 1))).toBe(0);
    }
  });

  // A coalition of t is given all that it knows: the streams that it holds become zeros, and shares and
  // coefficients are the same every time.
  const coalitions = subsets(parties, threshold).filter((_, i, all) => i % Math.ceil(all.length / 4) === 0);

  test.each(coalitions.map((coalition) => [coalition.join(), coalition] as const))('what %s sees of the others is uniform, whatever the template', (_name, coalition) => {
    const { p } = pairedStatistic;
    const field = createField(p);
    const next = seededUint32(nodes);
    const template = new Array<number>(96).fill(1);
    const items = [{ table: shareAnything(template, p, nodes, threshold, next), valid: 32 }];
    const keyOf = (component: number): Uint8Array => new Uint8Array(32).fill(component + 1);
    const seen = new Map<string, number[]>();
    for (let run = 0; run < 110; run++) {
      const keys = new Map<PartyId, HolderKeys>(
        parties.map((self) => {
          const holding = createHolding(self, parties, threshold);
          const known = holding.held.map((component) => holding.components[component]!.holders.some((holder) => coalition.includes(parties[holder]!)));
          return [self, knowing(new HolderKeys(holding, holding.held.map(keyOf)), known)];
        }),
      );
      const outcomes = runSimulation(splitCheckMachines({ keys, threshold, runId: `run ${run}`, statistic: pairedStatistic, items, prf: nodeAesCtr, splitHash: () => new Uint8Array(32) }), {
        tamper: (from, _to, payload) => {
          if (coalition.includes(from)) return payload;
          decodeResidues(field, payload.subarray(2), 2 * COMBINATIONS, from).forEach((value, k) => {
            const cell = `${k < COMBINATIONS ? 'degree' : 'form'} of ${from}`;
            seen.set(cell, [...(seen.get(cell) ?? []), value]);
          });
          return payload;
        },
      });
      for (const outcome of outcomes.values()) expect(outcome.kind).toBe('done');
    }
    expect(seen.size).toBe(2 * (nodes - threshold));
    for (const [cell, values] of seen) {
      const distinct = values.filter((_, i) => i % (COMBINATIONS * (nodes - 1)) < COMBINATIONS);
      const counts = new Array<number>(16).fill(0);
      for (const value of distinct) counts[value >> 12]! += 1;
      expect({ cell, uniform: chiSquareScore(counts) < 5 }).toEqual({ cell, uniform: true });
    }
  });
});

/** The same keys, their streams zero where `known`. */
function knowing(keys: HolderKeys, known: readonly boolean[]): HolderKeys {
  const silent: Prf = { keystream: (_key, _first, count) => new Uint8Array(count * 16) };
  const streams = keys.streams.bind(keys);
  let call = 0;
  keys.streams = (purpose, id) => {
    const secret = streams(purpose, id, nodeAesCtr);
    call += 1;
    const zero = new HolderKeys(keys.holding, keys.holding.held.map(() => new Uint8Array(32).fill(call))).streams(purpose, id, silent);
    return secret.map((stream, c) => (known[c] ? zero[c]! : stream));
  };
  return keys;
}

test('nodes that are told of different splits under one run id use unrelated masks', () => {
  const parties = allParties(4);
  const seed = seededUint32(4);
  // Shares of zero: what is sent of the degree part is the mask alone.
  const items = [{ table: shareAnything(new Array<number>(96).fill(0), pairedStatistic.p, 4, 1, seed).map((row) => row.map(() => 0)), valid: 32 }];
  const masks = (hash: string) => {
    const sent = new Map<PartyId, string>();
    const machines = splitCheckMachines({ keys: holderKeys(parties, 1), threshold: 1, runId: 'run', statistic: pairedStatistic, items, prf: nodeAesCtr, splitHash: () => new TextEncoder().encode(hash) });
    runSimulation(machines, { tamper: (from, _to, payload) => (sent.set(from, payload.subarray(2, 11).join()), payload) });
    return sent;
  };
  const [first, same, other] = [masks('a'), masks('a'), masks('b')];
  expect(first).toEqual(same);
  for (const party of parties) expect(first.get(party)).not.toBe(other.get(party));
});

import { describe, expect, test } from '@jest/globals';
import { subsets } from '@boop/field';
import { type PartyId, partyId, type ProtocolMachine, roundMachine, toHex, utf8 } from '@boop/shared';
import { runSimulation, seededRng, type Tamper } from '@boop/testing';
import { agreeCommitteeKeys, type CommitteeKeys, softwareAesCtr } from './index.ts';
import { createHolding } from './holding.ts';
import { createReplication } from './replication.ts';
import { id16, keyMachines, outputsOf, partyIds } from './testing/committee-harness.ts';
import { allParties, holderKeys } from './testing/split-harness.ts';

const HEADER = 2;
const committees = [partyIds(1, 2, 3), partyIds(2, 4, 5), partyIds(1, 2, 3, 5, 7), partyIds(1, 2, 3, 4, 5, 6, 7)];

const run = (committee: PartyId[], tamper?: Tamper, seed = 1) =>
  runSimulation(
    keyMachines(committee, (committee.length - 1) / 2, (party) => seededRng(seed * 1000 + party)),
    tamper ? { seed, tamper } : { seed },
  );

/** First bytes of every stream, by component: equal at all holders when the keys are. */
const fingerprints = (keys: CommitteeKeys): Map<number, string> =>
  new Map(keys.streams('test', id16('id'), softwareAesCtr).map((stream, c) => [keys.replication.held[c]!, toHex(stream.bytes(16))]));

const flip = (payload: Uint8Array, at: number): Uint8Array => payload.map((byte, i) => (i === HEADER + at ? byte ^ 1 : byte));

describe.each(committees.map((committee) => [committee.join('-'), committee] as const))('committee %s', (_, committee) => {
  test('all holders of a component hold the same key, and no two components share one', () => {
    const seen = new Map<number, string>();
    for (const keys of outputsOf(run(committee)).values()) {
      for (const [component, print] of fingerprints(keys)) {
        expect(seen.get(component) ?? print).toBe(print);
        seen.set(component, print);
      }
    }
    const { components } = createReplication(committee[0]!, committee, (committee.length - 1) / 2);
    expect(new Set(seen.values()).size).toBe(components.length);
  });

  test('other randomness of one member changes all keys that it holds', () => {
    const self = committee[0]!;
    const before = fingerprints(outputsOf(run(committee)).get(self)!);
    const machines = keyMachines(committee, (committee.length - 1) / 2, (party) => seededRng(party === self ? 77 : 1000 + party));
    const after = fingerprints(outputsOf(runSimulation(machines)).get(self)!);
    for (const [component, print] of after) expect(print).not.toBe(before.get(component));
  });

  test('a dealer that sends one member another commitment stops the run at everybody whom it concerns', () => {
    const liar = committee[1]!;
    const victim = committee[0]!;
    const outcomes = run(committee, (from, to, payload, index) => (from === liar && to === victim && index === 0 ? flip(payload, 0) : payload));
    for (const [party, outcome] of outcomes) if (party !== liar) expect(outcome.kind).not.toBe('done');
    expect([...outcomes.values()]).toContainEqual(expect.objectContaining({ kind: 'abort', code: 'keys.equivocation' }));
    expect(outcomes.get(victim)).toEqual({ kind: 'abort', code: 'keys.equivocation', blame: expect.any(Array) });
  });

  test('a contribution other than the committed one names its dealer', () => {
    const liar = committee[1]!;
    const victim = committee[0]!;
    const outcomes = run(committee, (from, to, payload, index) => (from === liar && to === victim && index === 1 ? flip(payload, payload.length - HEADER - 1) : payload));
    expect(outcomes.get(victim)).toEqual({ kind: 'abort', code: 'keys.bad-opening', blame: [liar] });
  });

  test('a false confirmation names its sender', () => {
    const liar = committee[1]!;
    const victim = committee[0]!;
    const outcomes = run(committee, (from, to, payload, index) => (from === liar && to === victim && index === 2 ? flip(payload, 5) : payload));
    expect(outcomes.get(victim)).toEqual({ kind: 'abort', code: 'keys.unconfirmed', blame: [liar] });
  });

  test('any changed byte from one member to another stops the receiver', () => {
    for (let index = 0; index < 3; index++) {
      for (let at = 0; at < 200; at += 37) {
        const outcomes = run(committee, (from, to, payload, i) => (from === committee[1] && to === committee[2] && i === index ? flip(payload, at % (payload.length - HEADER)) : payload), at + 1);
        expect(outcomes.get(committee[2]!)?.kind).toBe('abort');
      }
    }
  });

  test('truncated, longer and missing messages end in an abort or a stall', () => {
    const [, liar, victim] = committee as [PartyId, PartyId, PartyId];
    for (let index = 0; index < 3; index++) {
      const at = (change: (payload: Uint8Array) => Uint8Array | 'drop') => run(committee, (from, to, payload, i) => (from === liar && to === victim && i === index ? change(payload) : payload)).get(victim);
      expect(at((payload) => payload.subarray(0, -1))).toEqual({ kind: 'abort', code: 'mpc.malformed-message', blame: [liar] });
      expect(at((payload) => Uint8Array.of(...payload, 0))).toEqual({ kind: 'abort', code: 'mpc.malformed-message', blame: [liar] });
      expect(at(() => 'drop')).toEqual({ kind: 'stalled' });
    }
  });
});

test('members with different contexts never agree', () => {
  const committee = partyIds(1, 2, 3);
  const machines = new Map<PartyId, ProtocolMachine<CommitteeKeys>>(
    committee.map((self) => [self, roundMachine(() => agreeCommitteeKeys({ self, committee, threshold: 1, context: utf8(self === 2 ? 'epoch 2' : 'epoch 1') }, seededRng(self)))]),
  );
  for (const outcome of runSimulation(machines).values()) expect(outcome.kind).not.toBe('done');
});

test('keys serve each id of each purpose once, and only their own committee', () => {
  const committee = partyIds(1, 2, 3);
  const keys = outputsOf(run(committee)).get(committee[0]!)!;
  const first = keys.streams('a', id16('x'), softwareAesCtr).map((stream) => toHex(stream.bytes(8)));
  const other = keys.streams('b', id16('x'), softwareAesCtr).map((stream) => toHex(stream.bytes(8)));
  const third = keys.streams('a', id16('y'), softwareAesCtr).map((stream) => toHex(stream.bytes(8)));
  expect(new Set([...first, ...other, ...third]).size).toBe(6);
  expect(() => keys.streams('a', id16('x'), softwareAesCtr)).toThrow(expect.objectContaining({ code: 'keys.reused' }));
  expect(() => keys.streams('a', new Uint8Array(15), softwareAesCtr)).toThrow(expect.objectContaining({ code: 'keys.malformed-id' }));
  expect(() => keys.checkFor(partyId(2), committee, 1)).toThrow(expect.objectContaining({ code: 'keys.mismatch' }));
  expect(() => keys.checkFor(partyId(1), partyIds(1, 2, 4), 1)).toThrow(expect.objectContaining({ code: 'keys.mismatch' }));
});

test('wiped keys serve nothing: the streams of zero keys are public', () => {
  const keys = outputsOf(run(partyIds(1, 2, 3))).get(partyId(1))!;
  keys.wipe();
  expect(() => keys.streams('a', id16('x'), softwareAesCtr)).toThrow(expect.objectContaining({ code: 'keys.wiped', kind: 'unavailable' }));
});

describe('holders beyond a committee', () => {
  test.each([[4, 1], [5, 1], [7, 2]] as const)('(%i, %i): one key per set of t that lacks it, the same at all others', (nodes, threshold) => {
    const parties = allParties(nodes);
    const seen = new Map<number, Set<string>>();
    for (const keys of holderKeys(parties, threshold).values())
      keys.streams('test', id16('id'), softwareAesCtr).forEach((stream, c) => {
        const component = keys.holding.held[c]!;
        seen.set(component, (seen.get(component) ?? new Set()).add(toHex(stream.bytes(16))));
      });
    expect(seen.size).toBe(subsets(parties, threshold).length);
    for (const prints of seen.values()) expect(prints.size).toBe(1);
    expect(new Set([...seen.values()].flatMap((prints) => [...prints])).size).toBe(seen.size);
  });

  test('every key is unknown to exactly the set of t that lacks it', () => {
    const holdings = allParties(5).map((self) => createHolding(self, allParties(5), 1));
    holdings[0]!.components.forEach(({ missing, holders }, component) => {
      expect([...missing, ...holders].sort()).toEqual([0, 1, 2, 3, 4]);
      for (const { me, held } of holdings) expect(held.includes(component)).toBe(!missing.includes(me));
    });
  });
});

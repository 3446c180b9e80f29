import { describe, expect, test } from '@jest/globals';
import { createField, isCodeword, subsets } from '@boop/field';
import { type PartyId, utf8 } from '@boop/shared';
import { seededUint32, type Tamper } from '@boop/testing';
import { soundnessBits } from '../index.ts';
import { newShares, p, reconstruct, type ResharingRun, runResharing, sharingOf } from '../testing/resharing-harness.ts';
import { allParties } from '../testing/split-harness.ts';

const field = createField(p);
const ids = (...list: number[]): PartyId[] => list as PartyId[];
const next = seededUint32(9);
let runs = 0;
const secret = Array.from({ length: 300 }, () => next() % p);
secret.splice(0, 3, 0, 1, p - 1);

const change = (from: readonly [number, number], to: readonly [number, number], dealers = allParties(from[0])): ResharingRun => ({
  dealers,
  dealerThreshold: from[1],
  receivers: allParties(to[0]),
  receiverThreshold: to[1],
  shares: sharingOf(secret, ...from),
  runId: `run ${(runs += 1)}`,
});

describe.each([
  [[5, 1], [5, 1]],
  [[5, 1], [7, 2]],
  [[7, 2], [5, 1]],
  [[3, 1], [5, 1]],
  [[4, 1], [4, 1]],
  [[5, 1], [3, 1]],
  [[5, 2], [7, 3]],
  [[7, 3], [5, 2]],
] as const)('from (%p) to (%p)', (from, to) => {
  const setup = change(from, to);
  const shares = newShares(runResharing(setup));

  test('the new shares are a fresh sharing of the same values', () => {
    expect([...shares.keys()]).toEqual(setup.receivers);
    for (const parties of subsets(setup.receivers, to[1] + 1)) expect(reconstruct(shares, parties)).toEqual(secret);
    const words = secret.map((_, i) => setup.receivers.map((party) => shares.get(party)![i]!));
    expect(words.every((word) => isCodeword(field, setup.receivers, word, to[1]))).toBe(true);
    // Of the degree that was asked for, not a lower one.
    expect(words.filter((word) => isCodeword(field, setup.receivers, word, to[1] - 1)).length).toBeLessThan(3);
  });

  test('shares of the two sharings don\'t combine', () => {
    const size = Math.max(from[1], to[1]) + 1;
    const mixed = new Map([...shares].slice(0, size).map(([party, share], at) => [party, at === 0 ? (setup.shares.get(party) ?? share) : share]));
    const rebuilt = reconstruct(mixed, [...mixed.keys()]);
    expect(rebuilt.filter((value, i) => value === secret[i]).length).toBeLessThan(5);
  });
});

test('twice refreshed with other randomness gives other shares', () => {
  const setup = change([5, 1], [5, 1]);
  const [one, two] = [newShares(runResharing(setup)), newShares(runResharing({ ...setup, runId: 'again', seed: 1001 }))];
  for (const party of setup.receivers) {
    for (const [a, b] of [[one, two], [one, setup.shares], [two, setup.shares]]) {
      const same = [...a!.get(party)!].filter((value, i) => value === b!.get(party)![i]).length;
      expect(same).toBeLessThan(5);
    }
  }
});

test.each([[ids(1, 2, 4, 5)], [ids(2, 4, 5)]])('a node that has lost its shares gets new ones from %p', (dealers) => {
  const shares = newShares(runResharing(change([5, 1], [5, 1], dealers)));
  expect(reconstruct(shares, ids(1, 3))).toEqual(secret);
});

test('participants that mean other rows abort', () => {
  const outcomes = runResharing({ ...change([5, 1], [5, 1]), runId: 'contexts', contextOf: (party) => utf8(party === 4 ? 'rows 0 to 8' : 'rows 0 to 4') });
  for (const [party, outcome] of outcomes) expect(outcome).toMatchObject({ kind: 'abort', code: 'resharing.other-dealing', blame: party === 4 ? [expect.any(Number)] : [4] });
});

test('messages: 13 bits a value and receiver, the rest independent of the batch', () => {
  const sizes = new Map<string, Set<number>>();
  const tamper: Tamper = (from, to, payload, index) => {
    const kind = `${index} ${to > 5 ? 'joins' : 'stays'}`;
    sizes.set(kind, (sizes.get(kind) ?? new Set()).add(payload.length - 2));
    void from;
    return payload;
  };
  newShares(runResharing({ ...change([5, 1], [5, 1]), runId: 'sizes' }, { tamper }));
  // Six digests; salt and 306 residues; 5 echoes and a nonce; 30 residues; nothing to show.
  expect([...sizes].map(([kind, seen]) => [kind, [...seen]]).sort()).toEqual([['0 stays', [6 * 32 + 16 + 498]], ['1 stays', [6 * 32]], ['2 stays', [49]], ['3 stays', [1]]]);
});

test('a gallery of 100,000 palms stays far beyond 40 bits, all dealers together', () => {
  expect(soundnessBits(p, 3_125 * 7)).toBeGreaterThan(60);
});

test.each([
  [{ dealers: ids(1, 2) }],
  [{ dealers: ids(2, 1, 3) }],
  [{ receivers: ids(1, 1, 2) }],
  [{ receivers: ids(0, 1, 2) }],
  [{ receiverThreshold: 3 }],
  [{ dealerThreshold: 0 }],
])('refuses sides without an honest majority: %p', (sides) => {
  expect(() => runResharing({ ...change([5, 1], [5, 1]), ...sides, keys: new Map() })).toThrow(expect.objectContaining({ code: 'resharing.parties' }));
});

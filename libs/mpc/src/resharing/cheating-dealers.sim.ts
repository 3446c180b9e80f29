import { describe, expect, test } from '@jest/globals';
import { type PartyId } from '@boop/shared';
import { alterations, meddle, Recording, seededUint32 } from '@boop/testing';
import { dealingMeddler, meddler, newShares, p, reconstruct, type Outcomes, type ResharingRun, runResharing, sharingOf, shifting } from '../testing/resharing-harness.ts';
import { allParties } from '../testing/split-harness.ts';

const next = seededUint32(5);
const secret = Array.from({ length: 120 }, () => next() % p);
let runs = 0;

const setupOf = (from: readonly [number, number], to: readonly [number, number]): ResharingRun => ({
  dealers: allParties(from[0]),
  dealerThreshold: from[1],
  receivers: allParties(to[0]),
  receiverThreshold: to[1],
  shares: sharingOf(secret, ...from),
  runId: `cheating ${(runs += 1)}`,
  seed: runs,
});

const add = (values: Uint16Array, at: number, by: number): void => void (values[at] = (values[at]! + by) % p);

/** How a dealer may lie, and whether it still deals words of the right degree. */
const lies = {
  'shifts one coordinate': shifting((share) => add(share, 17, 1)),
  'shifts all coordinates by the same': shifting((share) => share.forEach((_, i) => add(share, i, 5))),
  'deals zeros for its shares': shifting((share) => share.fill(0)),
  'deals a polynomial of a higher degree': dealingMeddler((subShares, to, { receiverThreshold }) => add(subShares, 3, to ** (receiverThreshold + 1) % p)),
  'gives one receiver another value': dealingMeddler((subShares, to) => (to === 3 ? add(subShares, 3, 1) : undefined)),
  'gives one receiver random values': dealingMeddler((subShares, to) => (to === 3 ? subShares.forEach((_, i) => (subShares[i] = (i * 31) % p)) : undefined)),
  'shifts a mask for one receiver': dealingMeddler((subShares, to, { count }) => (to === 2 ? add(subShares, count, 1) : undefined)),
};

function everyHonestAborts(outcomes: Outcomes, liars: readonly number[], code: string, blame: readonly number[]): void {
  for (const [party, outcome] of outcomes) if (!liars.includes(party)) expect([party, outcome]).toEqual([party, { kind: 'abort', code, blame }]);
}

describe.each([
  [[5, 1], [5, 1]],
  [[4, 1], [4, 1]],
  [[5, 1], [7, 2]],
  [[7, 2], [5, 1]],
] as const)('from (%p) to (%p)', (from, to) => {
  test.each(Object.entries(lies))('a dealer that %s is named by every honest party', (_name, role) => {
    const liar = 4;
    everyHonestAborts(runResharing({ ...setupOf(from, to), roles: { [liar]: role } }), [liar], 'resharing.liar', [liar]);
  });

  test('a receiver that opens another value is named, not the dealer', () => {
    const role = meddler(2, (send) => send.map(({ to: receiver, payload }) => ({ to: receiver, payload: payload.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) })));
    everyHonestAborts(runResharing({ ...setupOf(from, to), roles: { 2: role } }), [2], 'resharing.liar', [2]);
  });
});

test('two liars at once on (7,2) are both named, however they lie together', () => {
  const pairs = [
    [lies['shifts one coordinate'], lies['shifts one coordinate']],
    [lies['shifts all coordinates by the same'], lies['deals a polynomial of a higher degree']],
    [lies['gives one receiver random values'], lies['gives one receiver another value']],
  ] as const;
  for (const [one, two] of pairs) everyHonestAborts(runResharing({ ...setupOf([7, 2], [7, 2]), roles: { 2: one, 6: two } }), [2, 6], 'resharing.liar', [2, 6]);
});

test.each([
  [[3, 1], 'shifts one coordinate'],
  [[3, 1], 'gives one receiver another value'],
  [[5, 2], 'shifts all coordinates by the same'],
] as const)('with too few to tell, (%p) ends without shares and with suspects: a dealer %s', (parameters, lie) => {
  const outcomes = runResharing({ ...setupOf(parameters, parameters), roles: { 2: lies[lie] } });
  for (const [party, outcome] of outcomes) {
    if (party === 2) continue;
    expect(outcome).toMatchObject({ kind: 'abort', code: 'resharing.inconsistent' });
    expect(outcome.kind === 'abort' && outcome.blame).toContain(2);
  }
});

test('a dealer that tells two parties different things does not get through', () => {
  const outcomes = runResharing({ ...setupOf([5, 1], [5, 1]), roles: { 3: meddler(0, (send) => send.map(({ to, payload }) => ({ to, payload: to === 1 ? payload.map((byte, i) => (i < 32 ? byte ^ 1 : byte)) : payload }))) } });
  for (const [party, outcome] of outcomes) if (party !== 3) expect(outcome.kind).not.toBe('done');
  expect([...outcomes.values()].filter((outcome) => outcome.kind === 'abort' && outcome.code === 'resharing.equivocation').length).toBeGreaterThan(0);
  expect(outcomes.get(1 as PartyId)).toEqual({ kind: 'abort', code: 'resharing.equivocation', blame: [] });
});

test('a dealing other than the one told of is refused by its receiver', () => {
  const role = meddler(0, (send) => send.map(({ to, payload }) => ({ to, payload: to === 5 ? payload.map((byte, i) => (i === payload.length - 3 ? byte ^ 1 : byte)) : payload })));
  const outcomes = runResharing({ ...setupOf([5, 1], [5, 1]), roles: { 3: role } });
  expect(outcomes.get(5 as PartyId)).toEqual({ kind: 'abort', code: 'resharing.other-dealing', blame: [3] });
  for (const [party, outcome] of outcomes) if (party !== 5) expect(outcome.kind).not.toBe('done');
});

test('a false accusation names the accuser', () => {
  // It opens another value and shows the true dealing, or one that the dealer did not deal, or nothing.
  const opening = meddler(2, (send) => send.map(({ to, payload }) => ({ to, payload: payload.map((byte, i) => (i === 3 ? byte ^ 2 : byte)) })));
  everyHonestAborts(runResharing({ ...setupOf([5, 1], [5, 1]), roles: { 1: opening } }), [1], 'resharing.liar', [1]);
});

/** What a liar can do to any message without knowing the protocol: whoever is honest and finishes has shares of the old values. */
test.each(alterations)('messages altered by "%s" never lead to wrong shares, nor to the naming of an honest party', (alteration) => {
  const otherRun = new Recording();
  newShares(runResharing(setupOf([5, 1], [5, 1]), { tamper: otherRun.tamper }));
  for (const towards of ['all', 'one'] as const) {
    for (let round = 0; round < 4; round++) {
      let lied = 0;
      const tamper = meddle({ liars: [2 as PartyId], alteration, round, towards, seed: round + 1, otherRun }, () => (lied += 1));
      const outcomes = runResharing(setupOf([5, 1], [5, 1]), { tamper });
      const finished = new Map([...outcomes].flatMap(([party, outcome]) => (party !== 2 && outcome.kind === 'done' ? [[party, outcome.output!] as const] : [])));
      if (finished.size >= 2) expect(reconstruct(finished, [...finished.keys()].slice(0, 2))).toEqual(secret);
      for (const [party, outcome] of outcomes) if (party !== 2 && outcome.kind === 'abort' && lied > 0) expect([outcome.code, outcome.blame.filter((named) => named !== 2)]).toEqual([outcome.code, []]);
    }
  }
});

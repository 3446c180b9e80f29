import { expect, test } from '@jest/globals';
import { createField, interpolate, subsets } from '@boop/field';
import { type PartyId } from '@boop/shared';
import { chiSquareScore } from '@boop/testing';
import { createHolding } from '../holding.ts';
import { HolderKeys, type Prf } from '../index.ts';
import { newShares, p, runResharing, sharingOf } from '../testing/resharing-harness.ts';
import { allParties } from '../testing/split-harness.ts';
import { decodeResidues } from '../wire.ts';
import { COMBINATIONS } from './combinations.ts';
import { SALT_BYTES } from './dealing.ts';

const field = createField(p);
const runs = 30;
const values = 24;

/**
 * The coalition is given all that it knows: the streams of the masks that it holds become zeros, and the old shares are the same in every run.
 * Then what honest parties send must be uniform, whatever is shared.
 */
test.each([
  [[5, 1], [5, 1]],
  [[5, 1], [7, 2]],
  [[7, 2], [5, 1]],
] as const)('what t parties see of a resharing from (%p) to (%p) is uniform, whatever is shared', (from, to) => {
  const parties = allParties(from[0]);
  const receivers = allParties(to[0]);
  const size = Math.min(from[1], to[1]);
  for (const secret of [0, p - 1]) {
    // The sharing of 0 by zeros: without its mask a combination of it would open as 0.
    const shares = secret === 0 ? new Map(parties.map((party) => [party, new Uint16Array(values)])) : sharingOf(new Array<number>(values).fill(secret), from[0], from[1]);
    for (const coalition of subsets(parties, size).filter((_, i, all) => i % Math.ceil(all.length / 2) === 0)) {
      const seen = new Map<string, number[]>();
      const note = (cell: string, list: Iterable<number>): void => {
        if (!seen.has(cell)) seen.set(cell, []);
        seen.get(cell)!.push(...list);
      };
      for (let run = 0; run < runs; run++) {
        const keys = new Map<PartyId, HolderKeys>(
          parties.map((self) => {
            const holding = createHolding(self, parties, from[1]);
            const known = holding.held.map((component) => holding.components[component]!.holders.some((holder) => coalition.includes(parties[holder]!)));
            return [self, knowing(new HolderKeys(holding, holding.held.map((component) => new Uint8Array(32).fill(component + 1))), known)];
          }),
        );
        const setup = { dealers: parties, dealerThreshold: from[1], receivers, receiverThreshold: to[1], shares, runId: `run ${run}`, seed: run + 1, keys };
        const openings = new Map(parties.filter((party) => !coalition.includes(party)).map((party) => [party, Array.from({ length: COMBINATIONS }, () => new Array<number>(receivers.length))]));
        const outcomes = runResharing(setup, {
          tamper: (sender, receiver, payload, index) => {
            if (payload[1] === 2) {
              const opened = decodeResidues(field, payload.subarray(2), parties.length * COMBINATIONS, sender);
              for (const [dealer, words] of openings) words.forEach((word, k) => (word[receivers.indexOf(sender)] = opened[parties.indexOf(dealer) * COMBINATIONS + k]!));
            }
            if (coalition.includes(sender)) return payload;
            if (index === 0 && coalition.includes(receiver) && receivers.includes(receiver) && parties.includes(sender)) {
              const count = values + COMBINATIONS;
              const dealing = payload.slice(-Math.ceil((count * 13) / 8));
              expect(payload.length).toBe(2 + 32 * (1 + receivers.length) + SALT_BYTES + dealing.length);
              note(`dealing of ${sender} to ${receiver}`, decodeResidues(field, dealing, count, sender));
            }
            // Openings about honest dealers; those about the coalition's own it knows.
            if (payload[1] === 2 && coalition.includes(receiver)) {
              const opened = decodeResidues(field, payload.subarray(2), parties.length * COMBINATIONS, sender);
              parties.forEach((dealer, at) => coalition.includes(dealer) || note(`opening of ${sender} about ${dealer}`, opened.slice(at * COMBINATIONS, (at + 1) * COMBINATIONS)));
            }
            return payload;
          },
        });
        newShares(outcomes);
        for (const [dealer, words] of openings) for (const word of words) note(`value dealt by ${dealer}`, [interpolate(field, receivers.slice(0, to[1] + 1), word.slice(0, to[1] + 1))]);
      }
      expect(seen.size).toBeGreaterThan(6);
      for (const [cell, list] of seen) {
        const counts = new Array<number>(16).fill(0);
        for (const value of list) counts[Math.floor((value * 16) / p)]! += 1;
        expect({ cell, secret, uniform: chiSquareScore(counts) < 5 }).toEqual({ cell, secret, uniform: true });
      }
    }
  }
});

/** The same keys, their streams zero where `known`. */
function knowing(keys: HolderKeys, known: readonly boolean[]): HolderKeys {
  const zero: Prf = { keystream: (_key, _first, blocks) => new Uint8Array(blocks * 16) };
  const streams = keys.streams.bind(keys);
  keys.streams = (purpose, id, prf) => {
    const real = streams(purpose, id, prf);
    const zeros = streams(`${purpose}/known`, id, zero);
    return real.map((stream, i) => (known[i] ? zeros[i]! : stream));
  };
  return keys;
}

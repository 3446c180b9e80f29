import { describe, expect, test } from '@jest/globals';
import { partyId } from '@boop/shared';
import { createReplication } from './replication.ts';
import { partyIds } from './testing/committee-harness.ts';

describe.each([1, 2, 3])('a committee of 2·%i + 1', (threshold) => {
  const committee = partyIds(...Array.from({ length: 2 * threshold + 1 }, (_, i) => 2 * i + 1));
  const members = committee.map((self) => createReplication(self, committee, threshold));
  const components = members[0]!.components;

  test('any t members lack exactly one component', () => {
    const missing = new Set(components.map((component) => component.missing.join()));
    expect(missing.size).toBe(components.length);
    for (const { held } of members) expect(held.length * (2 * threshold + 1)).toBe(components.length * (threshold + 1));
  });

  test('every product of two components falls to one member that holds both', () => {
    const counts = components.map(() => components.map(() => 0));
    for (const { held, products } of members) products.forEach((partners, c) => partners.forEach((d) => (counts[held[c]!]![held[d]!]! += 1)));
    expect(counts.flat().every((count) => count === 1)).toBe(true);
    const loads = members.map(({ products }) => products.flat().length);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(2);
  });

  test('every component is counted once, and absorbs re-sharings only from its own holders', () => {
    const owned = members.flatMap(({ held, owned: positions }) => positions.map((position) => held[position]!));
    expect(owned.toSorted((a, b) => a - b)).toEqual(components.map((_, i) => i));
    members[0]!.designated.forEach((component, member) => expect(components[component]!.holders).toContain(member));
  });

  test('whoever receives a re-shared vector lacks a mask of it', () => {
    // For any t colluding members and any honest sender: either none of them gets the message, or it has a mask of the one component that they lack.
    members[0]!.components.forEach(({ missing: colluding }, unknown) => {
      members.forEach((sender) => {
        if (colluding.includes(sender.me)) return;
        const receives = colluding.some((member) => components[sender.designated[sender.me]!]!.holders.includes(member));
        const masked = sender.masked[sender.held.indexOf(unknown)]!.includes(sender.me);
        expect(!receives || masked).toBe(true);
      });
    });
  });
});

test.each<[string, number[], number, number]>([
  ['even', [1, 2, 3, 4], 1, 1],
  ['too small', [1], 1, 1],
  ['unsorted', [2, 1, 3], 1, 1],
  ['with a repeated member', [1, 1, 3], 1, 1],
  ['without us', [1, 2, 3], 4, 1],
  ['of another threshold', [1, 2, 3], 1, 2],
  ['with threshold 0', [1], 1, 0],
])('refuses a committee that is %s', (_, committee, self, threshold) => {
  expect(() => createReplication(partyId(self), partyIds(...committee), threshold)).toThrow(expect.objectContaining({ code: 'committee.malformed' }));
});

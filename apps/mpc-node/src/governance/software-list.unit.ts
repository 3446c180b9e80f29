import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '@boop/platform';
import { partyId, type PartyId, toBase64Url } from '@boop/shared';
import { SoftwareList } from './software-list.ts';

const digest = (byte: number): string => toBase64Url(new Uint8Array(32).fill(byte));
const [older, newer, foreign] = [digest(1), digest(2), digest(3)];
const [self, peer] = [partyId(1), partyId(2)];

function listOf(own: string | undefined): { list: SoftwareList; changed: PartyId[] } {
  const changed: PartyId[] = [];
  return { list: new SoftwareList({ self, own, onChange: (party) => changed.push(party), log: silentLogger }), changed };
}

describe('software that a manifest lists', () => {
  test('is any where there is no list', () => {
    const { list } = listOf(undefined);
    expect([self, peer].map((party) => list.lists({}, party))).toEqual([true, true]);
    expect(() => list.demandOwn({ epoch: 1 })).not.toThrow();
  });

  test('is the old and the new one during an upgrade, and nothing else', () => {
    const { list } = listOf(older);
    for (const [told, listed] of [[older, true], [newer, true], [foreign, false], [undefined, false]] as const) {
      list.told(peer, told);
      expect(list.lists({ software: [older, newer] }, peer)).toBe(listed);
    }
    expect(() => list.demand({ software: [older] }, peer)).toThrow(expect.objectContaining({ code: 'peer.software-not-listed', kind: 'unavailable' }));
  });

  test('is not that of a peer that has yet to say what it runs', () => {
    expect(listOf(older).list.lists({ software: [older] }, peer)).toBe(false);
  });

  test.each([[foreign], [undefined]])('is demanded of this node too: %s', (own) => {
    const { list } = listOf(own);
    expect(() => list.demandOwn({ software: [older], epoch: 3 })).toThrow(expect.objectContaining({ code: 'node.software-not-listed', kind: 'fatal' }));
  });

  test('changes when a peer comes back with another one, and is said once', () => {
    const { list, changed } = listOf(older);
    for (const told of [undefined, older, older, newer, undefined]) list.told(peer, told);
    expect(changed).toEqual([peer, peer, peer]);
  });
});

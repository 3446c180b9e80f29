import { describe, expect, test } from '@jest/globals';
import { silentLogger } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { partyId } from '@boop/shared';
import { NodeEpochs } from './node-epochs.ts';

const members = [1, 2, 3, 4].map((party) => ({ party, identityKey: `identity-${party}`, hpkeKey: `hpke-${party}` }));
const manifestOf = (epoch: number, change: Readonly<Record<number, object>> = {}, count = 4): NetworkManifest =>
  ({ networkId: 'net', epoch, threshold: 1, members: members.slice(0, count).map((member) => ({ ...member, ...change[member.party] })) }) as unknown as NetworkManifest;
const unused = () => Promise.reject(new Error('not to be used'));

const inForce = manifestOf(3);
/** Members of the epoch in force that still count once this manifest has been approved. */
const membersBeside = (approved: NetworkManifest | undefined): number[] => {
  const epochs = new NodeEpochs({ self: 1, store: {} as never, sharesOf: unused, serve: unused, proposal: () => approved, drainMs: 0, log: silentLogger });
  return [1, 2, 3, 4].filter((party) => epochs.isMember(inForce, partyId(party)));
};

describe('members of an epoch whose successor has been approved', () => {
  test('are those who stay, with whatever one key they rotate', () => {
    expect(membersBeside(undefined)).toEqual([1, 2, 3, 4]);
    expect(membersBeside(manifestOf(4))).toEqual([1, 2, 3, 4]);
    expect(membersBeside(manifestOf(4, { 2: { identityKey: 'fresh' }, 3: { hpkeKey: 'fresh' } }))).toEqual([1, 2, 3, 4]);
  });

  test('are not those in whose place another node comes', () => {
    expect(membersBeside(manifestOf(4, { 2: { identityKey: 'another', hpkeKey: 'another' } }))).toEqual([1, 3, 4]);
  });

  test('are those who leave, until they have left', () => {
    expect(membersBeside(manifestOf(4, {}, 3))).toEqual([1, 2, 3, 4]);
  });

  test('are what an earlier manifest cannot change', () => {
    expect(membersBeside(manifestOf(2, { 2: { identityKey: 'another', hpkeKey: 'another' } }))).toEqual([1, 2, 3, 4]);
  });
});

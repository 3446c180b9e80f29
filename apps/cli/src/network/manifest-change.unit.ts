import { describe, expect, test } from '@jest/globals';
import { type NetworkManifest } from '@boop/protocol';
import { changedManifest } from './manifest-change.ts';

const inForce = { epoch: 3, threshold: 1, members: [{ name: 'node-1', linkPort: 1 }, { name: 'node-2', linkPort: 2 }] } as unknown as NetworkManifest;

describe('a change of the manifest', () => {
  test('is the next epoch with the fields that are set, and leaves the one in force as it is', () => {
    expect(changedManifest(inForce, [])).toEqual({ ...inForce, epoch: 4 });
    expect(changedManifest(inForce, ['members.1.linkPort=77', 'members.0.name=other=name', 'threshold=2'])).toEqual({ epoch: 4, threshold: 2, members: [{ name: 'other=name', linkPort: 1 }, { name: 'node-2', linkPort: 77 }] });
    expect(changedManifest(inForce, ['software=["a","b"]'])).toEqual({ ...inForce, epoch: 4, software: ['a', 'b'] });
    expect(inForce.members[1]!.linkPort).toBe(2);
  });

  test.each(['members.2.linkPort=1', 'nothing=1', 'threshold', '=1', 'members.0.constructor=1', '__proto__.x=1'])('refuses %s', (change) => {
    expect(() => changedManifest(inForce, [change])).toThrow(expect.objectContaining({ code: 'manifest.unknown-field' }));
  });
});

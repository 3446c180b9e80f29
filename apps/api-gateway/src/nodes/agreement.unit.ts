import { describe, expect, test } from '@jest/globals';
import { agreedGroupKeys, chooseLeader } from './agreement.ts';

const key = (publicKey: string, name = 'token') => ({ name, suite: 'ed25519', signers: 3, publicKey });

describe('group keys', () => {
  test('count when t+1 nodes name them alike', () => {
    expect(agreedGroupKeys([[key('a')], [key('a')], [key('b')]], 1)).toEqual([key('a')]);
    expect(agreedGroupKeys([[key('a')], [key('b')], []], 1)).toEqual([]);
    expect(agreedGroupKeys([[key('a')], [key('a')]], 2)).toEqual([]);
  });
  test('do not count when a node votes twice or two keys have the votes', () => {
    expect(agreedGroupKeys([[key('a'), key('a')], []], 1)).toEqual([]);
    expect(agreedGroupKeys([[key('a')], [key('a')], [key('b')], [key('b')], [key('c', 'log')], [key('c', 'log')]], 1)).toEqual([key('c', 'log')]);
  });
});

describe('the leader', () => {
  test('goes around among those available', () => {
    expect([0, 1, 2, 3].map((turn) => chooseLeader([1, 3, 5], 3, turn))).toEqual([1, 3, 5, 1]);
  });
  test('is nobody when too few are up', () => {
    expect(() => chooseLeader([1, 2], 3, 0)).toThrow(expect.objectContaining({ code: 'mpc.nodes-unavailable', kind: 'unavailable' }));
  });
});

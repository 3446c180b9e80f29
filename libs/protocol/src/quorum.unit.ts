import { describe, expect, test } from '@jest/globals';
import { epochSkew, quorumLeft, supportedParameters } from './index.ts';

describe('how many more nodes may fail', () => {
  test('is told for each function, and negative where it has ended', () => {
    expect(quorumLeft(5, { nodes: 5, threshold: 1 })).toEqual({ authentication: 2, 'verified-authentication': 1, registration: 0, log: 1 });
    expect(quorumLeft(3, { nodes: 5, threshold: 1 })).toEqual({ authentication: 0, 'verified-authentication': -1, registration: -2, log: -1 });
    expect(quorumLeft(7, { nodes: 7, threshold: 2 })).toEqual({ authentication: 2, 'verified-authentication': 0, registration: 0, log: 2 });
  });

  test('every supported network authenticates and registers with all of its nodes', () => {
    for (const [nodes, threshold] of supportedParameters) {
      const left = quorumLeft(nodes, { nodes, threshold });
      expect([left.authentication >= 0, left.registration, left.log >= 0]).toEqual([true, 0, true]);
    }
  });

  test('epochs of nodes that answer are compared', () => {
    expect([epochSkew([]), epochSkew([3]), epochSkew([4, 3, 4])]).toEqual([0, 0, 1]);
  });
});

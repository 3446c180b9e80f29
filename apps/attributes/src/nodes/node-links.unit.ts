import { generateKeyPairSync, sign } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { epochDrainSeconds, type NetworkManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { FollowedNodes, type NodeLink } from './node-links.ts';

const keys = Array.from({ length: 4 }, () => generateKeyPairSync('ed25519'));
const memberOf = (party: number, key: number) => ({ party, identityKey: keys[key]!.publicKey.export({ format: 'jwk' }).x!, hpkeKey: `hpke-${key}` });
const manifestOf = (epoch: number, ...members: readonly object[]) => ({ networkId: 'net', epoch, threshold: 1, members }) as unknown as NetworkManifest;
const message = Uint8Array.of(1, 2, 3);
const signedBy = (key: number): string => toBase64Url(new Uint8Array(sign(null, message, keys[key]!.privateKey)));

let nowMs: number;
let links: Map<number, NodeLink>;
let nodes: FollowedNodes;
/** Of the first three parties, who counts with whose signature: `party of key`. */
const counts = (): string[] => [1, 2, 3].flatMap((party) => keys.flatMap((_, key) => (nodes.verify(party, message, signedBy(key)) ? [`${party} of ${key}`] : [])));

beforeEach(() => {
  nowMs = 1_000;
  const up: NodeLink = { connected: true, request: () => Promise.resolve({ answered: true }) };
  links = new Map([1, 2, 3].map((party) => [party, up]));
  nodes = new FollowedNodes({ manifest: manifestOf(1, memberOf(1, 0), memberOf(2, 1), memberOf(3, 2)), linkOf: (party) => links.get(party), clock: { nowMs: () => nowMs } });
});

describe('nodes whose manifest moves on', () => {
  test('are those of the manifest in force, and who stays is said', () => {
    expect(nodes.follow(manifestOf(2, memberOf(1, 0), { ...memberOf(2, 1), hpkeKey: 'fresh' }, memberOf(3, 3), memberOf(4, 2)))).toEqual(new Set([1, 2]));
    expect([nodes.count, nodes.parties()]).toEqual([4, [1, 2, 3, 4]]);
    expect(nodes.live()).toEqual([1, 2, 3]);
  });

  test('sign under both manifests while sessions of the earlier one end', () => {
    expect(counts()).toEqual(['1 of 0', '2 of 1', '3 of 2']);
    nodes.follow(manifestOf(2, memberOf(1, 0), memberOf(2, 1), memberOf(3, 3)));
    expect(counts()).toEqual(['1 of 0', '2 of 1', '3 of 2', '3 of 3']);
    expect(nodes.committees().map(({ verify }) => verify(3, message, signedBy(3)))).toEqual([true, false]);
    nowMs += 1_000 * epochDrainSeconds;
    expect(counts()).toEqual(['1 of 0', '2 of 1', '3 of 3']);
  });

  test('cannot be asked when they have left', async () => {
    links.delete(3);
    expect(nodes.live()).toEqual([1, 2]);
    await expect(nodes.request(3, 'keys.get', {}, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'link.unavailable', kind: 'unavailable' });
    await expect(nodes.ask(1, 'keys.get', { name: 'x' } as never, 1)).rejects.toMatchObject({ code: 'node.malformed-answer' });
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type PartyId, partyId } from '@boop/shared';
import { freePorts } from '@boop/testing';
import { eventually, TestNetwork } from '../testing/link-fixture.ts';
import { LinkClient } from './link-client.ts';
import { type MeshNode, NodeMesh, partyOf } from './node-mesh.ts';

const host = '127.0.0.1';
const parties = [1, 2, 3, 4].map(partyId);
const [one, two, three, four] = parties as [PartyId, PartyId, PartyId, PartyId];

let network: TestNetwork;
const meshes = new Map<PartyId, NodeMesh>();
const sessions: string[] = [];
let nodes: MeshNode[];

beforeAll(async () => {
  network = await TestNetwork.create();
});
afterAll(() => network.remove());
afterEach(async () => {
  await Promise.all([...meshes.values()].map((mesh) => mesh.close()));
  meshes.clear();
  sessions.length = 0;
});

async function startNode(self: PartyId, known = nodes): Promise<NodeMesh> {
  const mesh = new NodeMesh({
    self,
    networkId: network.networkId,
    tls: await network.tlsFor({ role: 'node', id: String(self) }),
    nodes: known,
    authorizeClient: (peer) => peer.role === 'gateway',
    handlers: {
      request: (peer, method, body) => Promise.resolve(`${self} heard ${method} ${String(body)} from ${peer.role} ${peer.id}`),
      session: (peer, runId, payload) => void sessions.push(`${partyOf(peer)}>${self} ${runId[0]} ${payload[0]}`),
    },
  });
  await mesh.start(nodes[self - 1]);
  meshes.set(self, mesh);
  return mesh;
}

async function startAll(): Promise<void> {
  const ports = await freePorts(parties.length);
  nodes = parties.map((id, index) => ({ id, host, port: ports[index]! }));
  for (const party of parties) await startNode(party);
  await eventually(() => [...meshes.values()].every((mesh) => mesh.live().length === parties.length));
}

describe('a mesh of four nodes', () => {
  test('answers requests and carries sessions over every pair, both ways', async () => {
    await startAll();
    for (const from of parties) {
      for (const to of parties.filter((party) => party !== from)) {
        expect(await meshes.get(from)!.request(to, 'node.greet', 7, { timeoutMs: 30_000 })).toBe(`${to} heard node.greet 7 from node ${from}`);
        meshes.get(from)!.sendSession(to, new Uint8Array(16).fill(5), Uint8Array.of(from));
      }
    }
    await eventually(() => sessions.length === 12);
    expect(new Set(sessions)).toEqual(new Set(parties.flatMap((from) => parties.filter((to) => to !== from).map((to) => `${from}>${to} 5 ${from}`))));
  });

  test('notices a death at once, and a restart by its boot id', async () => {
    await startAll();
    const observer = meshes.get(one)!;
    const above = meshes.get(four)!;
    const before = [observer.bootIdOf(three), above.bootIdOf(three)];
    expect(before[0]).toEqual(before[1]);
    const changes: string[] = [];
    observer.onChange((party, up) => changes.push(`${party} ${up}`));
    await meshes.get(three)!.close();
    await eventually(() => observer.live().length === 3 && above.live().length === 3);
    expect(observer.live()).toEqual([one, two, four]);
    await expect(observer.request(three, 'node.greet', 1, { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'link.unavailable' });
    await expect(above.request(three, 'node.greet', 1, { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'link.unavailable' });

    await startNode(three);
    await eventually(() => [...meshes.values()].every((mesh) => mesh.live().length === 4));
    expect(changes).toEqual(['3 false', '3 true']);
    expect(observer.bootIdOf(three)).not.toEqual(before[0]);
    expect(above.bootIdOf(three)).toEqual(observer.bootIdOf(three));
    expect(await above.request(three, 'node.greet', 2, { timeoutMs: 30_000 })).toBe('3 heard node.greet 2 from node 4');
  });

  test('lets the gateway in, and keeps out a bridge and a node of no place', async () => {
    await startAll();
    const knock = async (role: 'gateway' | 'bridge' | 'node', id: string): Promise<LinkClient> =>
      new LinkClient({ tls: await network.tlsFor({ role, id }), networkId: network.networkId, expect: { role: 'node', id: '2' }, host, port: nodes[1]!.port });
    const gateway = await knock('gateway', 'main');
    await gateway.waitConnected(30_000);
    expect(await gateway.request('node.status', 0, { timeoutMs: 30_000 })).toBe('2 heard node.status 0 from gateway main');
    const others = [await knock('bridge', 'main'), await knock('node', '9'), await knock('node', '3')];
    await eventually(() => others.every((client) => client.lastFailure !== undefined));
    expect(others.map((client) => client.connected)).toEqual([false, false, false]);
    await Promise.all([gateway, ...others].map((client) => client.close()));
  });

  test('has a node count itself as soon as it learns that it is one of them', async () => {
    await startAll();
    await meshes.get(three)!.close();
    const mesh = await startNode(three, nodes.slice(0, 2));
    await eventually(() => mesh.live().length === 2);
    expect(mesh.live()).toEqual([one, two]);
    mesh.learn(nodes);
    await eventually(() => mesh.live().length === 4);
    expect(mesh.live()).toEqual([one, two, three, four]);
  });

  test('refuses to speak to itself or to a node that is not in the network', async () => {
    await startAll();
    const mesh = meshes.get(two)!;
    await expect(mesh.request(two, 'node.greet', 1, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'link.unknown-party' });
    await expect(mesh.request(partyId(9), 'node.greet', 1, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'link.unknown-party' });
  });
});

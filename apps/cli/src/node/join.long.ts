import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isPortFree, writeFileAtomic } from '@boop/platform';
import { manifestLinkSchema, type NetworkManifest, verifyFirstManifest } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { initNode } from './init.ts';
import { type JoinOptions, joinNetwork } from './join.ts';
import { signDescriptor } from './member-descriptor.ts';
import { NodeFolder } from './node-folder.ts';

const testTimeoutMs = 120_000;
const wentHome = 'test.over';
const jurisdictions = ['CH', 'DE', 'EE'];
let root: string;
let ports: number[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'boop-join-'));
  ports = [];
  while (ports.length < 3) {
    const port = 13_000 + Math.floor(Math.random() * 6_000);
    if (!ports.includes(port) && (await isPortFree(port, '127.0.0.1'))) ports.push(port);
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const dirOf = (at: number): string => join(root, `node-${at}`);

async function init(at: number): Promise<void> {
  const address = (offset: number) => ({ host: '127.0.0.1', port: ports[at]! + offset });
  await initNode(dirOf(at), { name: `node-${at}`, jurisdiction: jurisdictions[at]!, link: address(0), listen: '127.0.0.1', health: address(1), metrics: address(2), databasePort: ports[at]! + 3 }, { kind: 'file' });
}

const options = (altered: Partial<JoinOptions> = {}): JoinOptions => ({
  peers: ports.map((port) => ({ host: '127.0.0.1', port })),
  plan: { threshold: 1, testNetwork: false },
  confirm: async (_, fingerprint) => fingerprint,
  write: () => undefined,
  timeoutMs: 60_000,
  ...altered,
});

/** What came of it, node by node: its manifest, or the code of the refusal. Whoever still waits when another has refused goes home. */
async function outcomes(altered: readonly Partial<JoinOptions>[]): Promise<(NetworkManifest | string)[]> {
  let over = false;
  return await Promise.all(
    altered.map(async (alteration, at) => {
      const clock = alteration.nowMs ?? (() => Date.now());
      const nowMs = (): number => {
        if (over) throw new BoopError(wentHome, 'the test is over');
        return clock();
      };
      return await joinNetwork(dirOf(at), options({ ...alteration, nowMs })).catch((error: unknown) => {
        over = true;
        return isBoopError(error) ? error.code : Promise.reject(error as Error);
      });
    }),
  );
}

describe('nodes that share nothing but addresses', () => {
  test('agree on one manifest that all have signed', async () => {
    for (const at of [0, 1, 2]) await init(at);
    const manifests = await outcomes([{}, {}, {}]);
    expect(manifests[0]).toMatchObject({ epoch: 1, threshold: 1, members: [{ party: 1, jurisdiction: 'CH' }, { party: 2, jurisdiction: 'DE' }, { party: 3, jurisdiction: 'EE' }] });
    expect(manifests).toEqual([manifests[0], manifests[0], manifests[0]]);
    for (const at of [0, 1, 2]) {
      expect(NodeFolder.open(dirOf(at)).manifest()).toEqual(manifests[0]);
      const link = manifestLinkSchema.parse(JSON.parse(readFileSync(join(dirOf(at), 'first-manifest.json'), 'utf8')));
      expect(verifyFirstManifest(link)).toEqual(manifests[0]);
    }
    await expect(joinNetwork(dirOf(0), options())).rejects.toMatchObject({ code: 'node.joined' });
  }, testTimeoutMs);

  test('refuse two of them with one identity', async () => {
    for (const at of [0, 1, 2]) await init(at);
    // Keys of the second node, under a name and at an address of their own.
    const twin = NodeFolder.open(dirOf(2));
    cpSync(join(dirOf(1), 'keys'), twin.path('keys'), { recursive: true });
    const custody = await twin.custody();
    writeFileAtomic(twin.path('member.json'), JSON.stringify(signDescriptor(custody, { name: 'node-2', jurisdiction: 'EE', host: '127.0.0.1', linkPort: ports[2]! })));
    custody.destroy();
    const refusals = await outcomes([{}, {}, {}]);
    expect(refusals).toContain('join.same-identity');
    for (const refusal of refusals) expect(['join.same-identity', wentHome]).toContain(refusal);
  }, testTimeoutMs);

  test('refuse a clock that is two minutes off', async () => {
    for (const at of [0, 1, 2]) await init(at);
    const refusals = await outcomes([{}, {}, { nowMs: () => Date.now() + 120_000 }]);
    expect(refusals).toContain('join.clock-off');
    for (const refusal of refusals) expect(['join.clock-off', wentHome]).toContain(refusal);
  }, testTimeoutMs);

  test('refuse a node that was told of another kind of network', async () => {
    for (const at of [0, 1, 2]) await init(at);
    const refusals = await outcomes([{}, {}, { plan: { threshold: 1, testNetwork: true } }]);
    expect(refusals).toContain('join.other-manifest');
    for (const refusal of refusals) expect(['join.other-manifest', wentHome]).toContain(refusal);
  }, testTimeoutMs);

  test('stay out when their custodian has heard another fingerprint', async () => {
    for (const at of [0, 1, 2]) await init(at);
    const refusals = await outcomes([{}, {}, { confirm: async () => '0000-0000' }]);
    expect(refusals).toEqual([wentHome, wentHome, 'join.other-fingerprint']);
    for (const at of [0, 1, 2]) expect(NodeFolder.open(dirOf(at)).joined).toBe(false);
  }, testTimeoutMs);
});

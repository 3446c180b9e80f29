import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDevCa, ensureCertificate, openFileCustody, peerUri, systemRng } from '@boop/platform';
import { type Member, type NetworkManifest, parseLogEntry } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { Custodians } from './epochs/custodians.ts';
import { SpareNode } from './epochs/spare-node.ts';
import { SteadyLoad } from './epochs/steady-load.ts';
import { askLauncher } from './launcher-control.ts';
import { type RunningNetwork, startNetwork, until } from './network-harness.ts';
import { syntheticPalmOf } from './palms.ts';
import { Shop } from './shop.ts';
import { query } from './stock-clients.ts';

/** Visits in each state; several hundred in all. */
const visits = Number(process.env['BOOP_EPOCH_VISITS'] ?? 80);
const retriesShareMax = 0.01;
const people = [601, 602].map((identity) => syntheticPalmOf(identity));
const strangers = [611, 612].map((identity) => syntheticPalmOf(identity));
const newcomers = [621, 622, 623, 624, 625, 626].map((identity) => syntheticPalmOf(identity));
const spares: SpareNode[] = [];
let network: RunningNetwork;
let custodians: Custodians;
let shop: Shop;
let load: SteadyLoad;

const spare = async (party: number, name: string, jurisdiction: string, portOffset: number): Promise<SpareNode> => {
  const node = await SpareNode.prepare(network, { party, name, jurisdiction, portOffset });
  spares.push(node);
  custodians.seat(node);
  return node;
};
const nextOf = async (change: (members: readonly Member[]) => Pick<NetworkManifest, 'members' | 'threshold'>): Promise<NetworkManifest> => {
  const inForce = await custodians.inForce();
  return { ...inForce, ...change(inForce.members), epoch: inForce.epoch + 1 };
};
/** The load goes on in the new state, and somebody registers in it. */
const goOn = async (state: string): Promise<void> => {
  load.phase(state);
  const newcomer = newcomers.pop()!;
  await shop.register({ 'right-palm': newcomer.samples });
  load.joined(newcomer);
  await load.during(visits);
  expect(load.wrong).toEqual([]);
};
const newKey = (party: number, use: 'identity' | 'hpke'): string => {
  const custody = openFileCustody(join(network.dataDir, 'nodes', String(party), 'keys'), systemRng);
  try {
    return toBase64Url(custody.createKey(use));
  } finally {
    custody.destroy();
  }
};

beforeAll(async () => {
  network = await startNetwork();
  custodians = new Custodians(network);
  shop = new Shop(network);
  for (const palm of people) await shop.register({ 'right-palm': palm.samples });
  load = new SteadyLoad(shop, people, strangers);
  load.start();
  load.phase('(5,1)');
  await load.during(visits);
}, 400_000);

afterAll(async () => {
  await load?.stop();
  shop?.close();
  for (const node of spares) await node.stop();
  await network?.dispose();
}, 120_000);

// The tests tell one story, in order; authentications go on all the time.
describe('a network that changes while people authenticate', () => {
  test('deals fresh shares to the same nodes', async () => {
    load.phase('refresh');
    const next = await nextOf((members) => ({ members: [...members], threshold: 1 }));
    const seen = await custodians.decideSet([], [2, 1, 4]);
    expect(seen).toMatch(/approved|executed/);
    await custodians.reached(next);
    await goOn('refreshed');
  }, 600_000);

  test('grows from (5,1) to (7,2)', async () => {
    load.phase('to (7,2)');
    const joining = [await spare(6, 'node-6', 'NL', 70), await spare(7, 'node-7', 'NO', 74)];
    const next = await nextOf((members) => ({ members: [...members, ...joining.map(({ member }) => member)], threshold: 2 }));
    for (const node of joining) node.start(next);
    await custodians.decide(next, [3, 4, 5]);
    await custodians.reached(next);
    await goOn('(7,2)');
    const told = await shop.info();
    expect(told).toMatchObject({ epoch: 3, nodes: 7, threshold: 2 });
  }, 600_000);

  test('shrinks again, by five custodians of seven', async () => {
    load.phase('to (5,1)');
    const next = await nextOf((members) => ({ members: members.slice(0, 5), threshold: 1 }));
    await custodians.decide(next, [7, 6, 3, 2, 1]);
    await custodians.reached(next);
    for (const node of spares) {
      const left = async () => await query(network.adminUrl(node.member.name.replaceAll('-', '_')), 'SELECT epoch FROM gallery_rows UNION SELECT epoch FROM group_key_shares UNION SELECT epoch FROM data_keys WHERE epoch > 0');
      await until(async () => (await left()).length === 0, 240_000);
    }
    await goOn('(5,1) again');
  }, 600_000);

  test('has a standby in the place of a custodian whose machine is gone', async () => {
    load.phase('node 3 is gone');
    await network.killNode(3);
    await load.during(visits / 4);
    load.phase('to a standby');
    const standby = await spare(3, 'standby', 'PT', 78);
    const next = await nextOf((members) => ({ members: members.map((member) => (member.party === 3 ? standby.member : member)), threshold: 1 }));
    standby.start(next);
    await custodians.decide(next, [1, 2, 5]);
    await custodians.reached(next);
    await goOn('with a standby');
  }, 600_000);

  test('takes new HPKE keys of four members and a new identity key of one', async () => {
    load.phase('to new keys');
    const keys = [1, 2, 4, 5].map((party) => `members.${party - 1}.hpkeKey=${newKey(party, 'hpke')}`);
    const identityKey = newKey(2, 'identity');
    const next = await nextOf((members) => ({ members: [...members], threshold: 1 }));
    await custodians.decideSet([...keys, `members.1.identityKey=${identityKey}`], [4, 2, 1]);
    await custodians.reached(next);
    const told = await shop.info();
    expect(told.members[1]).toMatchObject({ identityKey });
    await goOn('with new keys');
  }, 600_000);

  test('takes new TLS keys, a node at a time', async () => {
    load.phase('new TLS keys');
    const ca = await createDevCa(join(network.dataDir, 'ca'));
    for (const party of [1, 2]) {
      const dir = join(network.dataDir, 'nodes', String(party), 'tls');
      rmSync(dir, { recursive: true });
      await ensureCertificate(ca, dir, { commonName: `node ${party}`, uri: peerUri(network.manifest.networkId, { role: 'node', id: String(party) }), dnsNames: ['localhost'], ips: ['127.0.0.1'] });
      await askLauncher(network.dataDir, { command: 'node', action: 'stop', party });
      await network.startNode(party);
      await custodians.reached(await custodians.inForce(party === 1 ? 4 : 1));
      await load.during(visits / 4);
    }
    await goOn('with new TLS keys');
  }, 600_000);

  test('made no wrong decision and few retries, and everything that custodians did is in the log, once', async () => {
    await load.stop();
    process.stderr.write(`${table(load)}\n`);
    expect(load.wrong).toEqual([]);
    const retries = load.tallies.reduce((sum, tally) => sum + tally.retries, 0);
    expect(retries).toBeLessThanOrEqual(Math.ceil(load.decided * retriesShareMax));
    const kinds = async (): Promise<string[]> => {
      const rows = await query<{ bytes: Buffer }>(network.adminUrl('ledger'), 'SELECT bytes FROM entries ORDER BY leaf_index');
      return rows.flatMap(({ bytes }) => {
        const parsed = parseLogEntry(new Uint8Array(bytes));
        if (parsed.kind === 'manifest-proposal') return [`proposal of ${parsed.to}`];
        if (parsed.kind === 'manifest-vote') return [`vote in ${parsed.epoch}`];
        return parsed.kind === 'epoch' ? [`epoch ${parsed.to}`] : [];
      });
    };
    const expected = [2, 3, 4, 5, 6].flatMap((epoch) => [`proposal of ${epoch}`, `epoch ${epoch}`, ...Array.from({ length: epoch === 4 ? 5 : 3 }, () => `vote in ${epoch - 1}`)]).sort();
    await until(async () => (await kinds()).length >= expected.length, 120_000);
    expect((await kinds()).sort()).toEqual(expected);
    const { links } = (await (await fetch(`${network.gatewayUrl}/v1/network/manifests?from=2`)).json()) as { links: { proposal: { manifest: { epoch: number } } }[] };
    expect(links.map(({ proposal }) => proposal.manifest.epoch)).toEqual([2, 3, 4, 5, 6]);
  }, 300_000);
});

function table({ tallies, decided }: SteadyLoad): string {
  const lines = tallies.map(({ phase, seconds, authentications, accepted, unverified, retries, waits, causes }) => `| ${[phase, seconds, authentications, accepted, unverified, waits, retries, Object.entries(causes).map(([code, count]) => `${code} ${count}`).join(' ')].join(' | ')} |`);
  return ['', '| state | s | authentications | accepted | of them unverified | told to wait | retries | why |', '|---|---|---|---|---|---|---|---|', ...lines, `${decided} in all`].join('\n');
}

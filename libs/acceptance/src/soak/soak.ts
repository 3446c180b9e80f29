import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDevCa, ensureCertificate, LinkClient, loadTlsMaterial, peerUri, type TlsMaterial } from '@boop/platform';
import { seededRng } from '@boop/testing';
import { Shop } from '../shop.ts';
import { compareRows, proveAll, Watch } from './audit.ts';
import { ChaosNetwork } from './chaos-network.ts';
import { Dice } from './dice.ts';
import { Journal } from './journal.ts';
import { Member, Membership } from './membership.ts';
import { Mischief } from './mischief.ts';
import { refresh } from './next-epoch.ts';
import { Population, type Somebody } from './population.ts';
import { Till } from './till.ts';
import { Visits } from './visits.ts';

export interface SoakOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly people: number;
  /** Of the time, after which the shares are dealt anew; never when not given. */
  readonly refreshAfter?: number;
  readonly write: (line: string) => void;
}

export interface SoakReport {
  readonly violations: readonly string[];
  readonly authentications: number;
  /** Payments that were posted. */
  readonly payments: number;
  readonly summary: string;
}

const terminals = 2;
const visitKinds = ['genuine', 'impostor', 'one-to-one', 'wrong-claim', 'payment', 'overdraft', 'release'];

/** A whole network under mixed load that is broken and mended all the time; in the end everything that it acknowledged must be there. */
export async function runSoak({ seed, minutes, people, refreshAfter, write }: SoakOptions): Promise<SoakReport> {
  const journal = new Journal(write);
  journal.note(`seed ${seed}, ${minutes} minutes`);
  const network = await ChaosNetwork.start(seededRng(seed));
  const shop = new Shop(network.shown);
  const links = await NodeLinks.of(network);
  let isSound = false;
  try {
    const dice = (stream: number): Dice => new Dice(seed * 16 + stream);
    const acknowledged = { logEntries: [] as string[] };
    const population = new Population(people);
    const till = new Till(network.shown, shop, journal);
    await till.open();
    const { networkId } = network.shown.manifest;
    const membership = new Membership({ shop, population, erase: (request) => links.erase(request), journal, dice: dice(1), acknowledged, networkId });
    const [first, ...others] = population.everybody;
    for (const somebody of [first!, ...others.slice(0, 2)]) await registerPatiently(membership, somebody);
    const member = await Member.of(network.shown, shop, first!);
    const watch = await Watch.of(network, (await shop.info()).log.verifierKey, journal);
    journal.note('everything runs');

    const endMs = performance.now() + minutes * 60_000;
    const isOver = (): boolean => performance.now() > endMs;
    const mischief = new Mischief(network, dice(2), journal);
    const weather = new Mischief(network, dice(3), journal);
    const loops = [
      ...Array.from({ length: terminals }, async (_, at) => {
        const visits = new Visits({ shop, population, till, member, journal, dice: dice(4 + at), acknowledged });
        while (!isOver()) await visits.next();
      }),
      (async () => {
        for (const pace = dice(10); !isOver(); await sleep(pace.between(500, 8_000))) await membership.next(first!);
      })(),
      (async () => {
        for (; !isOver(); await sleep(5_000)) await watch.step();
      })(),
      mischief.crashes(isOver),
      weather.weather(isOver),
      ...(refreshAfter === undefined ? [] : [sleep(minutes * 60_000 * refreshAfter).then(() => refresh(network, journal, (party) => links.epochOf(party)))]),
    ];
    await Promise.all(loops);

    journal.note('everything is mended');
    const inTheSoak = { authentications: journal.count(visitKinds), retryShare: journal.retryShare(visitKinds) };
    for (const proxy of network.proxies.values()) proxy.heal();
    await network.ready();
    await network.settled();
    for (const somebody of population.with('unclear')) await membership.register(somebody);
    await new Visits({ shop, population, till, member, journal, dice: dice(11), acknowledged }).census();
    const rows = await compareRows(network, journal);
    const money = await till.balance();
    const proven = await proveAll(shop, acknowledged, journal);
    const { entries, steps } = await watch.finish();
    const ended = network.endedByThemselves.reduce((counts, name) => counts.set(name, (counts.get(name) ?? 0) + 1), new Map<string, number>());
    const summary = [
      `seed ${seed}, ${minutes} minutes, ${inTheSoak.authentications} authentications, tried again ${(100 * inTheSoak.retryShare).toFixed(2)} %, ${journal.violations.length} violations`,
      '',
      journal.summary(),
      '',
      `${rows} rows at every node; ${money.posted} payments of ${money.asked} asked for were posted; in cents: topped up ${money.filled}, in wallets ${money.inWallets}, the vendor's ${money.sum}, at the ledger as in the journal; ${proven} acknowledged entries proven; monitor: ${entries} entries in ${steps} steps, no alarm.`,
      `Ended by themselves and started again: ${[...ended].map(([name, count]) => `${name} ${count}`).join(', ') || 'none'}.`,
      ...journal.violations.map((violation) => `VIOLATION ${violation}`),
    ].join('\n');
    isSound = journal.violations.length === 0;
    return { violations: journal.violations, authentications: inTheSoak.authentications, payments: money.posted, summary };
  } finally {
    shop.close();
    await links.close();
    if (!isSound) journal.note(`logs are left in ${network.shown.dataDir}`);
    await network.stop(!isSound);
  }
}

/** On a machine that is busy with other work nodes may be late at first. */
async function registerPatiently(membership: Membership, somebody: Somebody): Promise<void> {
  for (let attempt = 1; !(await membership.register(somebody)); attempt++) if (attempt === 8) throw new Error('nobody can register');
}

/** Links to the nodes of another gateway: one of the same name would take the links of the first away. */
class NodeLinks {
  readonly #network: ChaosNetwork;
  readonly #tls: TlsMaterial;
  readonly #clients = new Map<number, LinkClient>();

  private constructor(network: ChaosNetwork, tls: TlsMaterial) {
    this.#network = network;
    this.#tls = tls;
  }

  static async of(network: ChaosNetwork): Promise<NodeLinks> {
    const { dataDir, manifest } = network.shown;
    const uri = peerUri(manifest.networkId, { role: 'gateway', id: 'soak' });
    return new NodeLinks(network, loadTlsMaterial(await ensureCertificate(await createDevCa(join(dataDir, 'ca')), join(dataDir, 'soak-tls'), { commonName: 'gateway soak', uri, ips: ['127.0.0.1'] })));
  }

  async erase(request: unknown): Promise<readonly number[]> {
    for (const { party } of this.#network.shown.manifest.members) {
      if (!this.#client(party).connected) continue;
      return ((await this.#client(party).request('subject.erase', { request }, { timeoutMs: 30_000 })) as { pending: number[] }).pending;
    }
    throw new Error('no node is connected');
  }

  async epochOf(party: number): Promise<number> {
    return ((await this.#client(party).request('node.status', {}, { timeoutMs: 5_000 })) as { epoch: number }).epoch;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }

  #client(party: number): LinkClient {
    const known = this.#clients.get(party);
    if (known) return known;
    const { manifest } = this.#network.shown;
    const { host, linkPort: port } = manifest.members[party - 1]!;
    const client = new LinkClient({ tls: this.#tls, networkId: manifest.networkId, expect: { role: 'node', id: String(party) }, host, port });
    this.#clients.set(party, client);
    return client;
  }
}

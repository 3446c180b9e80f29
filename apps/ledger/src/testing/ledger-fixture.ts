import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TileReader, tilePath } from '@boop/log';
import { createDevCa, type DevCa, issueCertificate, LinkClient, type PeerIdentity, peerUri, silentLogger, systemRng, type TlsMaterial } from '@boop/platform';
import { freePorts } from '@boop/testing';
import { type Tuning, tuningSchema } from '../config.ts';
import { type RunningLedger, startLedger } from '../ledger.ts';
import { PrismaMapStore } from '../map/prisma-map-store.ts';
import { openVrfKey, type VrfKey } from '../map/vrf-key.ts';
import { type WitnessAddress } from '../witness/witness-client.ts';
import { type Witness } from '../witness/witness.ts';
import { NodeServer } from './node-server.ts';
import { SimulatedNode } from './simulated-node.ts';
import { TestDatabases } from './test-databases.ts';
import { TestNetwork } from './test-network.ts';

const address = { host: '127.0.0.1', port: 0 };

/** Real PostgreSQL, real mTLS, real FROST keys; only the nodes' insides are simulated. */
export class LedgerFixture {
  readonly network: TestNetwork;
  readonly nodes: readonly NodeServer[];
  readonly databases: TestDatabases;
  readonly vrfKey: VrfKey;
  readonly #ca: DevCa;
  /** Gone after `stop`. */
  readonly dir: string;
  readonly #undo: (() => Promise<void>)[] = [];

  private constructor(parts: { network: TestNetwork; nodes: readonly NodeServer[]; ca: DevCa; dir: string; databases: TestDatabases }) {
    this.network = parts.network;
    this.nodes = parts.nodes;
    this.#ca = parts.ca;
    this.dir = parts.dir;
    this.databases = parts.databases;
    this.vrfKey = openVrfKey(join(parts.dir, 'map-vrf.key'), systemRng);
  }

  static async start(names: readonly string[]): Promise<LedgerFixture> {
    const dir = mkdtempSync(join(tmpdir(), 'boop-ledger-'));
    const databases = await TestDatabases.start(names);
    const ports = await freePorts(5);
    const network = new TestNetwork({ ports });
    const ca = await createDevCa(join(dir, 'ca'));
    const { networkId } = network.manifest;
    const nodes = await Promise.all(
      [...network.logKeyShares().values()].map(async (share, at) => {
        const server = new NodeServer(new SimulatedNode(share, (message) => network.sign(share.self, message)), networkId, await certificate(ca, networkId, { role: 'node', id: String(share.self) }));
        await server.up(ports[at]);
        return server;
      }),
    );
    return new LedgerFixture({ network, nodes, ca, dir, databases });
  }

  /** @param id replica's name: two of one name would take each other's connections */
  async ledger(database: string, id = 'a', options: { witnesses?: readonly WitnessAddress[]; witness?: Witness; tuning?: Tuning } = {}): Promise<RunningLedger> {
    // Nodes answer in time on a machine that stands still for a while; who spoiled an attempt is not back at a late retry, and who failed to cosign is soon asked again.
    const tuning = options.tuning ?? tuningSchema.parse({ batchIntervalMs: 20, checkpointIntervalMs: 20, revisionIntervalMs: 20, leaderIntervalMs: 50, leftOutMs: 60_000, nodeTimeoutMs: 60_000, cosignatureRefreshMs: 1_000 });
    const { manifest } = this.network;
    const ledger = await startLedger({
      config: { networkId: manifest.networkId, http: address, link: address, metrics: address, witnesses: [...(options.witnesses ?? [])], tuning },
      manifest,
      tls: await this.tls({ role: 'ledger', id }),
      databaseUrl: this.databases.url(database),
      store: this.databases.store(database),
      mapStore: new PrismaMapStore(this.databases.database(database)),
      vrfKey: this.vrfKey,
      witness: options.witness,
      log: silentLogger,
    });
    this.#undo.push(() => ledger.close());
    return ledger;
  }

  async client(ledger: RunningLedger, role: PeerIdentity['role'] = 'gateway', expectId = 'a'): Promise<LinkClient> {
    const { networkId } = this.network.manifest;
    const client = new LinkClient({ tls: await this.tls({ role, id: '1' }), networkId, expect: { role: 'ledger', id: expectId }, host: '127.0.0.1', port: ledger.linkPort });
    this.#undo.push(() => client.close());
    return client;
  }

  async tls(peer: PeerIdentity): Promise<TlsMaterial> {
    return await certificate(this.#ca, this.network.manifest.networkId, peer);
  }

  async stop(): Promise<void> {
    for (const one of this.#undo.splice(0).reverse()) await one();
    await Promise.all(this.nodes.map((node) => node.down()));
    await this.databases.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Reads a log as anybody may. */
export const httpTiles = (ledger: RunningLedger): TileReader => ({
  read: async (tile) => {
    const response = await fetch(`http://127.0.0.1:${ledger.httpPort}/${tilePath(tile)}`);
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  },
});

const certificate = async (ca: DevCa, networkId: string, peer: PeerIdentity): Promise<TlsMaterial> =>
  await issueCertificate(ca, { commonName: 'test', uri: peerUri(networkId, peer) });

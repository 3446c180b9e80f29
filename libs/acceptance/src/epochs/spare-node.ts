import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDevCa, ensureCertificate, openFileCustody, peerUri, systemRng } from '@boop/platform';
import { type Member, type NetworkManifest } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { parse, stringify } from 'yaml';
import { projectRoot } from '../captures.ts';
import { type RunningNetwork } from '../network-harness.ts';
import { query } from '../stock-clients.ts';

const host = '127.0.0.1';
const stopTimeoutMs = 15_000;

/** A custodian's node that the launcher knows nothing of: keys, certificate, database and process of its own. */
export class SpareNode {
  /** The node's folder, as `--node` takes it. */
  readonly dir: string;
  /** As a manifest names it. */
  readonly member: Member;
  readonly healthUrl: string;
  readonly #network: RunningNetwork;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(network: RunningNetwork, dir: string, member: Member, healthPort: number) {
    this.#network = network;
    this.dir = dir;
    this.member = member;
    this.healthUrl = `http://${host}:${healthPort}`;
  }

  /** @param portOffset of its link, from the network's base on; health and metrics come right after it */
  static async prepare(network: RunningNetwork, { party, name, jurisdiction, portOffset }: { party: number; name: string; jurisdiction: string; portOffset: number }): Promise<SpareNode> {
    const dir = join(network.dataDir, 'spare', name);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const database = name.replaceAll('-', '_');
    const password = toBase64Url(systemRng.bytes(18));
    await query(network.adminUrl('postgres'), `CREATE ROLE ${database} LOGIN PASSWORD '${password}'`);
    await query(network.adminUrl('postgres'), `CREATE DATABASE ${database} OWNER ${database}`);
    const databaseUrlFile = join(dir, 'database.url');
    writeFileSync(databaseUrlFile, `postgres://${database}:${password}@${host}:${network.portBase + 5}/${database}`, { mode: 0o600 });
    const { networkId } = network.manifest;
    const uri = peerUri(networkId, { role: 'node', id: String(party) });
    const tls = await ensureCertificate(await createDevCa(join(network.dataDir, 'ca')), join(dir, 'tls'), { commonName: name, uri, dnsNames: ['localhost'], ips: [host] });
    const keysDir = join(dir, 'keys');
    const custody = openFileCustody(keysDir, systemRng);
    const [identityKey, hpkeKey] = [toBase64Url(custody.identityPublicKey), toBase64Url(custody.hpkePublicKey)];
    custody.destroy();
    const [linkPort, healthPort] = [network.portBase + portOffset, network.portBase + portOffset + 1];
    const likeOthers = parse(readFileSync(join(network.dataDir, 'nodes', '1', 'config.yaml'), 'utf8')) as object;
    const own = { nodeId: party, tls, databaseUrlFile, keysDir, manifestFile: join(dir, 'manifest.json'), controlDir: dir, link: { host, port: linkPort }, health: { host, port: healthPort }, metrics: { host, port: healthPort + 1 } };
    writeFileSync(join(dir, 'config.yaml'), stringify({ ...likeOthers, ...own }));
    return new SpareNode(network, dir, { party, name, jurisdiction, identityKey, hpkeKey, host, linkPort }, healthPort);
  }

  /** @param manifest the one that names this node: its custodian approves it by starting the node with it */
  start(manifest: NetworkManifest): void {
    writeFileSync(join(this.dir, 'manifest.json'), JSON.stringify(manifest));
    const log = openSync(join(this.#network.dataDir, 'logs', `${this.member.name}.log`), 'a', 0o600);
    // The channel ends with us, and the process with the channel.
    const child = spawn(process.execPath, [join(projectRoot, 'apps/mpc-node/dist/main.js')], { env: { PATH: process.env['PATH'], BOOP_CONFIG: join(this.dir, 'config.yaml') }, stdio: ['ignore', log, log, 'ipc'] });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM');
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), stopTimeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ConsentText, SigningKey } from '@boop/identity';
import { askControlSocket, controlSocketIn, createDevCa, type EmbeddedPostgres, ensureCertificate, LinkClient, loadTlsMaterial, openFileCustody, type PeerRole, peerUri, startEmbeddedPostgres, systemRng, type TlsMaterial } from '@boop/platform';
import { type NetworkManifest, type nodeMethods } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { freePorts } from '@boop/testing';
import { type z } from 'zod';
import { type BudgetLimits } from '../sessions/budgets.ts';
import { copyRowsOf } from '../store/copy-rows.ts';
import { openDatabase } from '../store/database.ts';
import { PrismaGalleryStore } from '../store/prisma-gallery-store.ts';
import { openSealer } from '../store/sealer.ts';
import { fillGalleries, type StoppedNode } from './fill-galleries.ts';
import { type Splitter } from './fixtures.ts';
import { manifestOf } from './memory-network.ts';

type Methods = typeof nodeMethods;

const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url));
const crashingMainFile = fileURLToPath(new URL('crashing-main.ts', import.meta.url));

interface NodeProcess {
  child: ChildProcess;
  /** At which it is to die. */
  fault: string | undefined;
  readonly client: LinkClient;
}

/** N nodes as N processes over mTLS, each with its own folder, keys and database, and a client in the role of the gateway. */
export class ProcessNetwork {
  readonly dir: string;
  readonly manifest: NetworkManifest;
  readonly splitter: Splitter;
  /** All that the nodes wrote to their logs. */
  output = '';
  readonly #postgres: EmbeddedPostgres;
  readonly #healthPorts: readonly number[];
  readonly #nodes = new Map<number, NodeProcess>();
  readonly #tls: (role: PeerRole) => Promise<TlsMaterial>;
  /** All places for nodes, taken or not. */
  readonly #spare: NetworkManifest;

  private constructor(dir: string, manifest: NetworkManifest, spare: NetworkManifest, postgres: EmbeddedPostgres, healthPorts: readonly number[], tls: (role: PeerRole) => Promise<TlsMaterial>) {
    this.#spare = spare;
    this.dir = dir;
    this.manifest = manifest;
    this.splitter = { manifest, rng: systemRng, device: SigningKey.generate(systemRng) };
    this.#postgres = postgres;
    this.#healthPorts = healthPorts;
    this.#tls = tls;
  }

  /**
   * All nodes up and ready.
   * @param input.places for nodes, of which the first are taken; `drainSeconds` as of the configuration; `reachedAt` the port under which everybody, the
   * gateway too, reaches a node that listens on this one: a proxy may stand between; `consentTexts` in place of those of all tests; `attempts` that nodes allow
   */
  static async create({ nodes: count, threshold, places: nodes = count, drainSeconds = 3, reachedAt = (port) => port, consentTexts, attempts }: { nodes: number; threshold: number; places?: number; drainSeconds?: number; reachedAt?: (port: number) => number | Promise<number>; consentTexts?: ConsentText[]; attempts?: BudgetLimits }): Promise<ProcessNetwork> {
    const dir = mkdtempSync(join(tmpdir(), 'boop-nodes-'));
    const ids = Array.from({ length: nodes }, (_, at) => at + 1);
    const [postgresPort, ...ports] = await freePorts(1 + 2 * nodes);
    const postgres = await startEmbeddedPostgres({ dir: join(dir, 'postgres'), port: postgresPort!, databases: ids.map((id) => ({ name: `node_${id}`, user: `node_${id}` })) });
    const ca = await createDevCa(join(dir, 'ca'));
    const custodies = ids.map((id) => openFileCustody(join(dir, `keys-${id}`), systemRng));
    const linkPorts = await Promise.all(ports.slice(0, nodes).map(reachedAt));
    const manifest = { ...manifestOf(custodies.slice(0, count), threshold, linkPorts.slice(0, count)), ...(consentTexts && { consentTexts }) };
    const spare = manifestOf(custodies, nodes === 7 ? 2 : threshold, linkPorts);
    writeFileSync(join(dir, 'network.json'), JSON.stringify(manifest));
    const certificate = async (role: PeerRole, id: string) =>
      await ensureCertificate(ca, join(dir, `tls-${role}-${id}`), { commonName: role, uri: peerUri(manifest.networkId, { role, id }), ips: ['127.0.0.1'] });
    for (const id of ids) {
      const databaseUrlFile = join(dir, `database-${id}`);
      writeFileSync(databaseUrlFile, postgres.urls[`node_${id}`]!, { mode: 0o600 });
      const config = {
        networkId: manifest.networkId,
        nodeId: id,
        // A node that joins is given the manifest that names it.
        manifestFile: join(dir, id <= count ? 'network.json' : 'next.json'),
        nextManifestFile: join(dir, 'next.json'),
        epochDrainSeconds: drainSeconds,
        controlDir: join(dir, `control-${id}`),
        keysDir: join(dir, `keys-${id}`),
        tls: await certificate('node', String(id)),
        link: { host: '127.0.0.1', port: ports[id - 1] },
        health: { host: '127.0.0.1', port: ports[nodes + id - 1] },
        databaseUrlFile,
        ...(attempts && { attempts }),
      };
      mkdirSync(join(dir, `control-${id}`));
      // JSON is YAML.
      writeFileSync(join(dir, `node-${id}.yaml`), JSON.stringify(config));
    }
    const network = new ProcessNetwork(dir, manifest, spare, postgres, ports.slice(nodes), async (role) => loadTlsMaterial(await certificate(role, '1')));
    for (const id of ids.slice(0, count)) await network.start(id);
    await network.waitReady(ids.slice(0, count));
    return network;
  }

  /** The manifest of an epoch in which all places are taken. */
  everyPlace(epoch: number): NetworkManifest {
    return { ...this.#spare, epoch };
  }

  /**
   * A node's disk is gone, with its keys and its database: another machine takes its place, with keys of its own. It is to be started once the manifest
   * that names it has been proposed.
   */
  async loseDisk(id: number): Promise<{ identityKey: string; hpkeKey: string }> {
    await this.kill(id);
    await this.query(id, 'DROP OWNED BY CURRENT_USER');
    rmSync(join(this.dir, `keys-${id}`), { recursive: true });
    const custody = openFileCustody(join(this.dir, `keys-${id}`), systemRng);
    const keys = { identityKey: toBase64Url(custody.identityPublicKey), hpkeKey: toBase64Url(custody.hpkePublicKey) };
    custody.destroy();
    const file = join(this.dir, `node-${id}.yaml`);
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), manifestFile: join(this.dir, 'next.json') }));
    return keys;
  }

  /** Approves a manifest at all nodes, whole at once. */
  propose(manifest: NetworkManifest): void {
    writeFileSync(join(this.dir, 'next.json.new'), JSON.stringify(manifest));
    renameSync(join(this.dir, 'next.json.new'), join(this.dir, 'next.json'));
  }

  /** What a node's identity key signs, at its custodian's order. */
  signIdentity(id: number, message: Uint8Array): Uint8Array {
    const custody = openFileCustody(join(this.dir, `keys-${id}`), systemRng);
    try {
      return custody.signIdentity(message);
    } finally {
      custody.destroy();
    }
  }

  /** Asks a node what its custodian may ask, as of `serveCustodian`. @throws BoopError `control.not-running`, or what the node says */
  async custodian(id: number, request: { readonly command: string } & Readonly<Record<string, unknown>>): Promise<unknown> {
    return await askControlSocket(controlSocketIn(join(this.dir, `control-${id}`)), request, 30_000);
  }

  /** Reads a node's database, as its owner could. */
  async query(id: number, sql: string): Promise<Record<string, unknown>[]> {
    const database = await openDatabase(this.#postgres.urls[`node_${id}`]!);
    try {
      return await database.$queryRawUnsafe(sql);
    } finally {
      await database.$disconnect();
    }
  }

  /** @param fault at which the process is to die, as of `crashing-main.ts` */
  async start(id: number, fault?: string): Promise<void> {
    const child = spawn(process.execPath, ['--conditions=@boop/source', '--disable-warning=ExperimentalWarning', fault ? crashingMainFile : mainFile], {
      env: { PATH: process.env['PATH'], BOOP_CONFIG: join(this.dir, `node-${id}.yaml`), ...(fault && { TEST_FAULT: fault }) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    // By whole lines, as several nodes write at once.
    for (const input of [child.stdout!, child.stderr!]) createInterface({ input }).on('line', (line) => (this.output += `${line}\n`));
    const running = this.#nodes.get(id);
    if (running) Object.assign(running, { child, fault });
    else this.#nodes.set(id, { child, fault, client: await this.client('gateway', id) });
  }

  /** Stops all nodes, fills their galleries, which are empty, and starts them again. */
  async fill(count: number, palmOf: (slot: number) => Int8Array): Promise<void> {
    const ids = [...this.#nodes.keys()];
    for (const id of ids) await this.kill(id);
    const opened = await Promise.all(ids.map(async (id) => await this.#openStore(id)));
    await fillGalleries(this.manifest, opened, count, palmOf, systemRng);
    for (const { close } of opened) await close();
    for (const id of ids) await this.start(id);
    await this.waitReady(ids);
  }

  /** A link to one node in some role. */
  async client(role: PeerRole, id: number): Promise<LinkClient> {
    const { host, linkPort: port } = this.#spare.members[id - 1]!;
    return new LinkClient({ tls: await this.#tls(role), networkId: this.manifest.networkId, expect: { role: 'node', id: String(id) }, host, port });
  }

  /** Waits until a process has died by itself. */
  async ended(id: number, timeoutMs: number): Promise<void> {
    const { child } = this.#nodes.get(id)!;
    for (const deadline = Date.now() + timeoutMs; child.exitCode === null && child.signalCode === null; await sleep(50)) {
      if (Date.now() > deadline) throw new Error(`node ${id} lives on\n${this.output.slice(-4000)}`);
    }
  }

  /** After a test that failed: starts whoever has died, and anew whoever was to die in it. */
  async recover(): Promise<void> {
    for (const [id, { fault }] of this.#nodes) {
      if (this.isRunning(id) && fault === undefined) continue;
      await this.kill(id);
      await this.start(id);
    }
  }

  isRunning(id: number): boolean {
    const child = this.#nodes.get(id)?.child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Nothing when it does not run. */
  async kill(id: number): Promise<void> {
    if (!this.isRunning(id)) return;
    const { child } = this.#nodes.get(id)!;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async request<M extends keyof Methods>(id: number, method: M, body: z.infer<Methods[M]['body']>, timeoutMs = 30_000): Promise<z.infer<Methods[M]['answer']>> {
    return (await this.#nodes.get(id)!.client.request(method, body, { timeoutMs })) as z.infer<Methods[M]['answer']>;
  }

  async waitReady(ids: readonly number[], timeoutMs = 150_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (const id of ids) {
      while (!(await this.#isReady(id))) {
        if (Date.now() > deadline) throw new Error(`node ${id} is not ready\n${this.output.slice(-4000)}`);
        await sleep(50);
      }
    }
  }

  /** Polls a condition on a node's status. */
  async waitStatus(id: number, condition: (status: z.infer<Methods['node.status']['answer']>) => boolean, timeoutMs = 60_000): Promise<void> {
    for (const deadline = Date.now() + timeoutMs; ; await sleep(50)) {
      // A node that has just been started, or is busy, is asked again.
      const status = await this.request(id, 'node.status', {}).catch(() => undefined);
      if (status && condition(status)) return;
      if (Date.now() > deadline) throw new Error(`node ${id} did not get there\n${this.output.slice(-4000)}`);
    }
  }

  async stop(): Promise<void> {
    const ends = [...this.#nodes.values()].map(async ({ child, client }) => {
      await client.close();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    });
    await Promise.all(ends);
    await this.#postgres.stop();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10 });
  }

  /** The gallery of a node that is stopped. */
  async #openStore(id: number): Promise<StoppedNode & { close(): Promise<void> }> {
    const custody = openFileCustody(join(this.dir, `keys-${id}`), systemRng);
    const databaseUrl = this.#postgres.urls[`node_${id}`]!;
    const database = await openDatabase(databaseUrl);
    const sealer = await openSealer(database, custody, this.manifest.epoch, systemRng);
    const close = async (): Promise<void> => {
      sealer.wipe();
      await database.$disconnect();
    };
    return { custody, store: new PrismaGalleryStore(database, sealer, copyRowsOf(databaseUrl)), close };
  }

  async #isReady(id: number): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.#healthPorts[id - 1]}/readyz`);
      return response.status === 200 && this.#nodes.get(id)!.client.connected;
    } catch {
      return false;
    }
  }
}

const sleep = async (durationMs: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, durationMs));

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createDevCa, type DevCa, ensureCertificate, ensurePrivateDirectory, type PeerIdentity, peerUri, writeFileAtomic } from '@boop/platform';
import { stringify } from 'yaml';
import { type DevCredentials, ensureCredentials, writeSeed } from './credentials.ts';
import { type NetworkState } from './data-directory.ts';
import { type Layout, nodeFolder, nodeName } from './layout.ts';
import { ensureManifest } from './manifest.ts';
import { HOST, type PortPlan } from './ports.ts';
import { provisionServices } from './provision-services.ts';

/** A process to run and how to see that it can serve. */
export interface ProcessPlan {
  readonly name: string;
  readonly role: 'node' | 'gateway' | 'bridge' | 'ledger' | 'attributes' | 'console';
  readonly configFile: string;
  /** Public address, or the link for a node. */
  readonly address: string;
  readonly healthUrl: string;
}

export interface PublicUrls {
  readonly gateway: string;
  readonly bridge: string;
  readonly ledger: string;
  readonly console: string;
}

export interface ProvisionedNetwork {
  readonly processes: readonly ProcessPlan[];
  readonly publicUrls: PublicUrls;
  readonly credentials: DevCredentials;
}

export const publicUrlsOf = (ports: PortPlan): PublicUrls => ({
  gateway: `http://${HOST}:${ports.gateway}`,
  bridge: `ws://${HOST}:${ports.bridge}`,
  ledger: `http://${HOST}:${ports.ledger}`,
  console: `http://${HOST}:${ports.console}`,
});

/** Databases, one a process; the bridge reads the gateway's channel events. */
export const databasesOf = (state: NetworkState): { name: string; user: string }[] =>
  [...Array.from({ length: state.nodes }, (_, at) => `node_${at + 1}`), 'gateway', 'ledger', 'attributes'].map((name) => ({ name, user: name }));

/** Makes keys, certificates, manifest and credentials where they are missing, and writes every process's configuration anew. */
export async function provision(layout: Layout, state: NetworkState, ports: PortPlan, databaseUrls: Readonly<Record<string, string>>): Promise<ProvisionedNetwork> {
  const ca = await createDevCa(layout.ca);
  const credentials = ensureCredentials(layout);
  ensureManifest(layout, state, ports, credentials);
  const publicUrls = publicUrlsOf(ports);
  const manifestFile = layout.manifest;
  const { networkId } = state;
  const listen = (port: number) => ({ host: HOST, port });
  const common = async (folder: string, peer: PeerIdentity, database: string) => {
    const dir = layout.of(folder);
    ensurePrivateDirectory(dir);
    const databaseUrlFile = join(dir, 'database.url');
    writeFileAtomic(databaseUrlFile, databaseUrls[database]!);
    return { networkId, tls: await tlsFiles(ca, dir, networkId, peer), databaseUrlFile };
  };

  const processes: ProcessPlan[] = [];
  const add = (plan: Omit<ProcessPlan, 'configFile' | 'healthUrl'>, folder: string, healthPort: number, config: object): void => {
    const configFile = join(layout.of(folder), 'config.yaml');
    writeFileAtomic(configFile, stringify(config));
    processes.push({ ...plan, configFile, healthUrl: `http://${HOST}:${healthPort}` });
  };

  mkdirSync(layout.of('nodes'), { recursive: true, mode: 0o700 });
  for (const [at, { link, health, metrics }] of ports.nodes.entries()) {
    const party = at + 1;
    const folder = nodeFolder(party);
    add({ name: nodeName(party), role: 'node', address: `${HOST}:${link}` }, folder, health, {
      ...(await common(folder, { role: 'node', id: String(party) }, `node_${party}`)),
      nodeId: party,
      manifestFile,
      keysDir: join(layout.of(folder), 'keys'),
      controlDir: layout.of(folder),
      link: listen(link),
      health: listen(health),
      metrics: listen(metrics),
      attempts: developmentAttempts,
    });
  }
  processes.push(...(await provisionServices({ layout, ports, publicUrls, manifestFile, writeSeed: () => writeSeed(layout, credentials), common })));
  ensurePrivateDirectory(layout.of('console'));
  add({ name: 'console', role: 'console', address: publicUrls.console }, 'console', ports.console, { http: listen(ports.console), publicUrls });
  return { processes, publicUrls, credentials };
}

/** One terminal stands for many here, and demonstrations present strangers by the hundred. A custodian's node keeps to NIST's limits. */
const developmentAttempts = {
  terminal: { freeFailures: 10_000, delaySeconds: 1, failuresMax: 1_000_000, acceptedPerDayMax: 1_000_000 },
  vendor: { freeFailures: 10_000, delaySeconds: 1, failuresMax: 1_000_000, acceptedPerDayMax: 1_000_000 },
  subjectAcceptedPerDayMax: 100_000,
};

const tlsFiles = async (ca: DevCa, dir: string, networkId: string, peer: PeerIdentity) =>
  await ensureCertificate(ca, join(dir, 'tls'), { commonName: `${peer.role} ${peer.id}`, uri: peerUri(networkId, peer), dnsNames: ['localhost'], ips: [HOST] });

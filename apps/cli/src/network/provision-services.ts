import { join } from 'node:path';
import { type PeerIdentity, writeFileAtomic } from '@boop/platform';
import { stringify } from 'yaml';
import { type Layout } from './layout.ts';
import { HOST, type PortPlan } from './ports.ts';
import { type ProcessPlan, type PublicUrls } from './provision.ts';

/** Writes the configurations of a network's services. @param common network, TLS and database of one of them */
export async function provisionServices(input: {
  readonly layout: Layout;
  readonly ports: PortPlan;
  readonly publicUrls: PublicUrls;
  readonly manifestFile: string;
  /** Accounts for the gateway's first start; called when its folder is there. @returns the file */
  readonly writeSeed: () => string;
  readonly common: (folder: string, peer: PeerIdentity, database: string) => Promise<object>;
}): Promise<ProcessPlan[]> {
  const { layout, ports, publicUrls, manifestFile, writeSeed, common } = input;
  const listen = (port: number) => ({ host: HOST, port });
  const processes: ProcessPlan[] = [];
  const add = (plan: Omit<ProcessPlan, 'configFile' | 'healthUrl'>, folder: string, healthPort: number, config: object): void => {
    const configFile = join(layout.of(folder), 'config.yaml');
    writeFileAtomic(configFile, stringify(config));
    processes.push({ ...plan, configFile, healthUrl: `http://${HOST}:${healthPort}` });
  };
  add({ name: 'ledger', role: 'ledger', address: publicUrls.ledger }, 'ledger', ports.ledger, {
    ...(await common('ledger', { role: 'ledger', id: 'main' }, 'ledger')),
    manifestFile,
    http: listen(ports.ledger),
    link: listen(ports.ledgerLink),
    metrics: listen(ports.ledgerMetrics),
  });
  add({ name: 'attributes', role: 'attributes', address: `${HOST}:${ports.attributesLink}` }, 'attributes', ports.attributesHealth, {
    ...(await common('attributes', { role: 'attributes', id: 'main' }, 'attributes')),
    manifestFile,
    link: listen(ports.attributesLink),
    health: listen(ports.attributesHealth),
    metrics: listen(ports.attributesMetrics),
  });
  add({ name: 'gateway', role: 'gateway', address: publicUrls.gateway }, 'gateway', ports.gateway, {
    ...(await common('gateway', { role: 'gateway', id: 'main' }, 'gateway')),
    manifestFile,
    http: listen(ports.gateway),
    link: listen(ports.gatewayLink),
    metrics: listen(ports.gatewayMetrics),
    ledger: listen(ports.ledgerLink),
    attributes: listen(ports.attributesLink),
    seedFile: writeSeed(),
    issuer: publicUrls.gateway,
    publicUrls,
  });
  add({ name: 'bridge', role: 'bridge', address: publicUrls.bridge }, 'bridge', ports.bridge, {
    ...(await common('bridge', { role: 'bridge', id: 'main' }, 'gateway')),
    http: listen(ports.bridge),
    metrics: listen(ports.bridgeMetrics),
    gateway: listen(ports.gatewayLink),
  });
  return processes;
}

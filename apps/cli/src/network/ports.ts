import { setTimeout as sleep } from 'node:timers/promises';
import { isPortFree } from '@boop/platform';
import { BoopError } from '@boop/shared';
import { type NetworkParameters } from './parameters.ts';

/** Everything listens on the loopback address. */
export const HOST = '127.0.0.1';

export interface NodePorts {
  readonly link: number;
  readonly health: number;
  readonly metrics: number;
}

export interface PortPlan {
  readonly console: number;
  readonly gateway: number;
  readonly bridge: number;
  readonly ledger: number;
  readonly postgres: number;
  readonly gatewayLink: number;
  readonly ledgerLink: number;
  readonly attributesLink: number;
  readonly attributesHealth: number;
  readonly gatewayMetrics: number;
  readonly bridgeMetrics: number;
  readonly ledgerMetrics: number;
  readonly attributesMetrics: number;
  /** By share index, the first is node 1. */
  readonly nodes: readonly NodePorts[];
}

export function portPlan({ portBase, nodes }: NetworkParameters): PortPlan {
  return {
    console: portBase,
    gateway: portBase + 1,
    bridge: portBase + 3,
    ledger: portBase + 4,
    postgres: portBase + 5,
    gatewayLink: portBase + 6,
    ledgerLink: portBase + 7,
    attributesLink: portBase + 8,
    attributesHealth: portBase + 9,
    gatewayMetrics: portBase + 51,
    bridgeMetrics: portBase + 53,
    ledgerMetrics: portBase + 54,
    attributesMetrics: portBase + 52,
    nodes: Array.from({ length: nodes }, (_, at) => ({ link: portBase + 11 + at, health: portBase + 31 + at, metrics: portBase + 61 + at })),
  };
}

/** A process of a network that was killed needs a moment to notice and end. */
const RELEASE_TIMEOUT_MS = 6_000;
const POLL_MS = 200;

/** Waits until all ports of the plan but PostgreSQL's own are free. @throws BoopError `network.port-taken`, naming port and purpose */
export async function assertPortsFree(plan: PortPlan, releaseTimeoutMs = RELEASE_TIMEOUT_MS): Promise<void> {
  for (const deadline = Date.now() + releaseTimeoutMs; ; await sleep(POLL_MS)) {
    const taken = await firstTaken(plan);
    if (!taken) return;
    if (Date.now() < deadline) continue;
    throw new BoopError('network.port-taken', `port ${taken.port} (${taken.purpose}) is taken by another program: stop it, or choose other ports with --port-base`);
  }
}

async function firstTaken(plan: PortPlan): Promise<{ purpose: string; port: number } | undefined> {
  // The server may have been left behind by a killed launcher; whoever starts it deals with that.
  const { nodes, postgres: _, ...single } = plan;
  const all = [
    ...Object.entries(single).map(([purpose, port]) => ({ purpose, port })),
    ...nodes.flatMap((ports, at) => Object.entries(ports).map(([purpose, port]) => ({ purpose: `node ${at + 1} ${purpose}`, port }))),
  ];
  for (const candidate of all) if (!(await isPortFree(candidate.port, HOST))) return candidate;
  return undefined;
}

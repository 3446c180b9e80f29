import { epochSkew, type NetworkInfo, type NodeStatus, quorumLeft } from '@boop/protocol';
import { table } from './display.ts';

const askTimeoutMs = 15_000;

/** What the gateway sees of the nodes, and how many of them may still fail; empty while no gateway answers. */
export async function askNodeTable(gatewayUrl: string): Promise<string> {
  try {
    const info = (await ask(`${gatewayUrl}/v1/network`)) as Pick<NetworkInfo, 'nodes' | 'threshold' | 'epoch'>;
    const { nodes } = (await ask(`${gatewayUrl}/v1/network/nodes`)) as { nodes: NodeStatus[] };
    return nodeTable(info, nodes);
  } catch {
    return '';
  }
}

export function nodeTable({ nodes, threshold, epoch }: Pick<NetworkInfo, 'nodes' | 'threshold' | 'epoch'>, statuses: readonly NodeStatus[]): string {
  const rows = statuses.map(({ party, name, jurisdiction, live, ready, epoch: served, galleryRows, clockOffsetSeconds }) => [
    String(party),
    name,
    jurisdiction,
    ready ? 'ready' : live ? 'not ready' : 'down',
    served === undefined ? '-' : String(served),
    galleryRows === undefined ? '-' : String(galleryRows),
    clockOffsetSeconds === undefined ? '-' : `${clockOffsetSeconds.toFixed(3)} s`,
  ]);
  const left = quorumLeft(statuses.filter(({ ready }) => ready).length, { nodes, threshold });
  const skew = epochSkew(statuses.flatMap(({ epoch: served }) => served ?? []));
  const told = Object.entries(left).map(([name, count]) => [name, count < 0 ? `ended: ${-count} too few` : String(count)]);
  return `\n  (${nodes},${threshold}), epoch ${epoch}${skew > 0 ? `, nodes are ${skew} apart` : ''}\n${table(['node', 'name', 'in', 'state', 'epoch', 'rows', 'clock'], rows)}\n${table(['function', 'nodes that may fail'], told)}`;
}

const ask = async (url: string): Promise<unknown> => await (await fetch(url, { signal: AbortSignal.timeout(askTimeoutMs) })).json();

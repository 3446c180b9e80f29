import { LinkClient, type Logger, type TlsSource } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { partyId } from '@boop/shared';
import { type NodePort } from './node-port.ts';

export interface NodeLinks {
  /** Those of the manifest in force; its contents change with {@link follow}. */
  readonly nodes: readonly NodePort[];
  /** Opens links to members that are new or moved, and closes those to members that left. */
  follow(manifest: NetworkManifest): void;
  close(): Promise<void>;
}

/** One link to each node of the manifest, kept up until `close`. @param onUp called when a node's link comes up */
export function openNodeLinks(manifest: NetworkManifest, options: { tls: TlsSource; timeoutMs: number; log: Logger; onUp: () => void }): NodeLinks {
  const { tls, timeoutMs, log, onUp } = options;
  const nodes: NodePort[] = [];
  const links = new Map<string, { readonly client: LinkClient; readonly node: NodePort }>();
  const open = (party: number, host: string, port: number): { client: LinkClient; node: NodePort } => {
    const client = new LinkClient({ tls, networkId: manifest.networkId, expect: { role: 'node', id: String(party) }, host, port, log });
    client.on('up', onUp);
    const node: NodePort = {
      party: partyId(party),
      get connected() {
        return client.connected;
      },
      request: (method, body) => client.request(method, body, { timeoutMs }),
    };
    return { client, node };
  };
  const follow = ({ members }: NetworkManifest): void => {
    const wanted = new Map(members.map(({ party, host, linkPort }) => [`${party} ${host} ${linkPort}`, { party, host, linkPort }]));
    for (const [place, { client }] of links) {
      if (wanted.has(place)) continue;
      links.delete(place);
      client.close().catch((error: unknown) => log.warn('a link was not closed', { error }));
    }
    for (const [place, { party, host, linkPort }] of wanted) if (!links.has(place)) links.set(place, open(party, host, linkPort));
    nodes.splice(0, nodes.length, ...[...wanted.keys()].map((place) => links.get(place)!.node));
  };
  follow(manifest);
  return {
    nodes,
    follow,
    close: async () => {
      await Promise.all([...links.values()].map(({ client }) => client.close()));
    },
  };
}

import { LinkClient, type Logger, type TlsMaterial } from '@boop/platform';
import { type NetworkManifest } from '@boop/protocol';
import { partyId } from '@boop/shared';
import { type NodePort } from './node-port.ts';

export interface NodeLinks {
  readonly nodes: readonly NodePort[];
  close(): Promise<void>;
}

/** One link to each node of the manifest, kept up until `close`. @param onUp called when a node's link comes up */
export function openNodeLinks(manifest: NetworkManifest, options: { tls: TlsMaterial; timeoutMs: number; log: Logger; onUp: () => void }): NodeLinks {
  const { tls, timeoutMs, log, onUp } = options;
  const links = manifest.members.map(({ party, host, linkPort }) => {
    const expect = { role: 'node', id: String(party) } as const;
    const client = new LinkClient({ tls, networkId: manifest.networkId, expect, host, port: linkPort, log });
    client.on('up', onUp);
    return { party: partyId(party), client };
  });
  return {
    nodes: links.map(({ party, client }) => ({
      party,
      get connected() {
        return client.connected;
      },
      request: (method, body) => client.request(method, body, { timeoutMs }),
    })),
    close: async () => {
      await Promise.all(links.map(({ client }) => client.close()));
    },
  };
}

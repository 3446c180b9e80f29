import { BoopError, type PartyId, partyId } from '@boop/shared';
import { type Logger, silentLogger } from '../logging/logger.ts';
import { systemRng } from '../system.ts';
import { type PeerIdentity } from '../tls/peer-identity.ts';
import { type TlsMaterial } from '../tls/tls-material.ts';
import { type LinkLimits } from './limits.ts';
import { LinkClient } from './link-client.ts';
import { type Handlers, unavailable } from './link-connection.ts';
import { LinkServer } from './link-server.ts';
import { BOOT_ID_BYTES } from './messages.ts';

export interface MeshNode {
  readonly id: PartyId;
  readonly host: string;
  readonly port: number;
}

export interface NodeMeshOptions {
  readonly self: PartyId;
  readonly networkId: string;
  readonly tls: TlsMaterial;
  /** All nodes of the network; the entry of `self` is where this node listens. */
  readonly nodes: readonly MeshNode[];
  /** Serves nodes and clients alike; look at `peer.role` before answering. */
  readonly handlers: Handlers;
  /** Which peers other than nodes may connect (gateway, ledger). */
  readonly authorizeClient?: (peer: PeerIdentity) => boolean;
  readonly log?: Logger;
  readonly limits?: Partial<LinkLimits>;
}

/**
 * The N nodes as one mesh: node i dials node j for i < j and accepts the others, so each pair shares one connection that is used in
 * both directions. Also the server to which gateway and ledger connect.
 */
export class NodeMesh {
  readonly self: PartyId;
  /** This process's own boot id. */
  readonly bootId: Uint8Array = systemRng.bytes(BOOT_ID_BYTES);
  /** For requests to connected clients (gateway, ledger). */
  readonly server: LinkServer;
  readonly #options: NodeMeshOptions;
  readonly #dialled = new Map<PartyId, LinkClient>();
  readonly #accepted = new Set<PartyId>();
  readonly #listeners = new Set<(party: PartyId, connected: boolean) => void>();
  readonly #nodes: Map<PartyId, MeshNode>;
  #tls: TlsMaterial;
  #started = false;

  constructor(options: NodeMeshOptions) {
    this.self = options.self;
    this.#options = options;
    this.#tls = options.tls;
    this.#nodes = new Map(options.nodes.map((node) => [node.id, node]));
    this.server = new LinkServer({
      tls: options.tls,
      networkId: options.networkId,
      bootId: this.bootId,
      handlers: options.handlers,
      log: options.log ?? silentLogger,
      limits: options.limits ?? {},
      authorize: (peer) => (peer.role === 'node' ? this.#isLower(Number(peer.id)) : (options.authorizeClient?.(peer) ?? false)),
      onPeer: (peer, connected) => {
        if (peer.role === 'node') this.#noteAccepted(partyId(Number(peer.id)), connected);
      },
    });
  }

  /** Listens, then dials the nodes with higher ids. Resolves without waiting for any of them. */
  async start(address: { host: string; port: number } = this.#node(this.self)): Promise<{ host: string; port: number }> {
    const bound = await this.server.listen(address.port, address.host);
    this.#started = true;
    for (const node of this.#nodes.values()) if (node.id > this.self) this.#dial(node);
    return bound;
  }

  /** Takes in nodes that are new, or that have moved; the others stay as they are. */
  learn(nodes: readonly MeshNode[]): void {
    for (const node of nodes) {
      const known = this.#nodes.get(node.id);
      if (known?.host === node.host && known.port === node.port) continue;
      // A node that was let go may be taken in again: from then on it is one of those that can be reached. It stays where it listens.
      if (known && node.id === this.self) continue;
      this.#nodes.set(node.id, node);
      if (!this.#started || node.id <= this.self) continue;
      void this.#dialled.get(node.id)?.close();
      this.#dial(node);
    }
  }

  /** New certificate, key or authorities; open connections stay. */
  renew(tls: TlsMaterial): void {
    this.#tls = tls;
    this.server.renew(tls);
    for (const client of this.#dialled.values()) client.renew(tls);
  }

  /** Nodes that can be reached now, this one included, in ascending order. */
  live(): PartyId[] {
    return [...this.#nodes.keys()]
      .filter((id) => id === this.self || this.#accepted.has(id) || (this.#dialled.get(id)?.connected ?? false))
      .sort((a, b) => a - b);
  }

  /** Boot id of a live node; a changed one means that it restarted and lost its sessions. */
  bootIdOf(party: PartyId): Uint8Array | undefined {
    if (party === this.self) return this.bootId;
    return this.#dialled.get(party)?.peerBootId ?? this.server.bootIdOf(nodePeer(party));
  }

  /** @throws BoopError as LinkClient.request; `link.unknown-party` for an id outside the network or our own */
  async request(to: PartyId, method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown> {
    this.#node(to);
    if (to === this.self) throw new BoopError('link.unknown-party', 'a node has no link to itself', { kind: 'fatal' });
    const client = this.#dialled.get(to);
    if (client) return await client.request(method, body, options);
    if (!this.#accepted.has(to)) throw unavailable('the peer is not connected');
    return await this.server.request(nodePeer(to), method, body, options);
  }

  /** Dropped when the node isn't live. @param released as of {@link LinkConnection.sendSession} */
  sendSession(to: PartyId, runId: Uint8Array, payload: Uint8Array, released?: () => void): void {
    const client = this.#dialled.get(to);
    if (client) client.sendSession(runId, payload, released);
    else this.server.sendSession(nodePeer(to), runId, payload, released);
  }

  /** @returns a function that ends the subscription */
  onChange(listener: (party: PartyId, connected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#dialled.values()].map((client) => client.close()));
    await this.server.close();
  }

  #dial(node: MeshNode): void {
    const { networkId, handlers, log, limits } = this.#options;
    const client = new LinkClient({
      tls: this.#tls,
      networkId,
      expect: nodePeer(node.id),
      host: node.host,
      port: node.port,
      handlers,
      bootId: this.bootId,
      log: log ?? silentLogger,
      limits: limits ?? {},
    });
    client.on('up', () => this.#notify(node.id, true));
    client.on('down', () => this.#notify(node.id, false));
    this.#dialled.set(node.id, client);
  }

  #noteAccepted(party: PartyId, connected: boolean): void {
    if (connected) this.#accepted.add(party);
    else this.#accepted.delete(party);
    this.#notify(party, connected);
  }

  #notify(party: PartyId, connected: boolean): void {
    for (const listener of this.#listeners) listener(party, connected);
  }

  #isLower(id: number): boolean {
    return id < this.self && this.#nodes.has(id as PartyId);
  }

  #node(id: PartyId): MeshNode {
    const node = this.#nodes.get(id);
    if (!node) throw new BoopError('link.unknown-party', 'no such node in this network', { kind: 'fatal' });
    return node;
  }
}

const nodePeer = (id: PartyId): PeerIdentity => ({ role: 'node', id: String(id) });

/** Party id of a peer that is a node. @throws BoopError `link.refused` for any other role */
export function partyOf(peer: PeerIdentity): PartyId {
  if (peer.role !== 'node') throw new BoopError('link.refused', 'only nodes may do this', { kind: 'peer' });
  return partyId(Number(peer.id));
}

import { createServer, type Server, type TLSSocket } from 'node:tls';
import { type AddressInfo } from 'node:net';
import { BoopError } from '@boop/shared';
import { type Logger, silentLogger } from '../logging/logger.ts';
import { Authorities } from '../tls/authorities.ts';
import { type PeerIdentity, peerIdentityOf, peerName } from '../tls/peer-identity.ts';
import { currentTls, TlsFiles, type TlsSource } from '../tls/tls-files.ts';
import { type TlsMaterial, tlsFailure } from '../tls/tls-material.ts';
import { systemRng } from '../system.ts';
import { type LinkLimits } from './limits.ts';
import { type Handlers, LinkConnection, unavailable } from './link-connection.ts';
import { BOOT_ID_BYTES } from './messages.ts';

export interface LinkServerOptions {
  /** What changes in files counts for connections from then on. */
  readonly tls: TlsSource;
  readonly networkId: string;
  /** Which authenticated peers may connect at all. */
  readonly authorize: (peer: PeerIdentity) => boolean;
  readonly handlers: Handlers;
  readonly bootId?: Uint8Array;
  readonly log?: Logger;
  readonly limits?: Partial<LinkLimits>;
  /** Called when a peer's set of connections becomes non-empty or empty. */
  readonly onPeer?: (peer: PeerIdentity, connected: boolean) => void;
}

const HANDSHAKE_TIMEOUT_MS = 5_000;

const contextOf = ({ cert, key, ca }: TlsMaterial) => ({ cert, key, ca, minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' }) as const;

/**
 * Accepts framed mTLS 1.3 links. A peer is who its certificate says, under the network's authority; a newer connection of the same
 * peer replaces the older one, since a restarted process comes back before its old socket is known to be dead.
 */
export class LinkServer {
  readonly #options: LinkServerOptions;
  readonly #log: Logger;
  readonly #bootId: Uint8Array;
  readonly #server: Server;
  #authorities: Authorities;
  readonly #connections = new Map<string, LinkConnection>();
  readonly #sockets = new Set<{ destroy(): void }>();
  readonly #renewal = (tls: TlsMaterial): void => this.renew(tls);

  constructor(options: LinkServerOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    this.#bootId = options.bootId ?? systemRng.bytes(BOOT_ID_BYTES);
    const tls = currentTls(options.tls);
    this.#authorities = new Authorities(tls.ca);
    this.#server = createServer({
      ...contextOf(tls),
      requestCert: true,
      rejectUnauthorized: true,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException) => this.#log.warn('TLS handshake refused', { reason: tlsFailure(error.code) ?? error.code }));
    this.#server.on('secureConnection', (socket) => this.#accept(socket));
    if (options.tls instanceof TlsFiles) options.tls.on('change', this.#renewal);
  }

  /** @returns the bound address; port 0 picks a free one. @throws BoopError `link.port-taken` */
  async listen(port: number, host: string): Promise<{ host: string; port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const taken = error.code === 'EADDRINUSE';
        reject(taken ? new BoopError('link.port-taken', `port ${port} of ${host} is taken`, { kind: 'fatal' }) : error);
      });
      this.#server.listen(port, host, resolve);
    });
    return { host, port: (this.#server.address() as AddressInfo).port };
  }

  /** For connections from now on; those that are open stay. */
  renew(tls: TlsMaterial): void {
    this.#authorities = new Authorities(tls.ca);
    this.#server.setSecureContext(contextOf(tls));
  }

  peers(): PeerIdentity[] {
    return [...this.#connections.values()].map((connection) => connection.peer);
  }

  bootIdOf(peer: PeerIdentity): Uint8Array | undefined {
    return this.#connections.get(peerName(peer))?.peerBootId;
  }

  /** Asks a connected peer. @throws BoopError as {@link LinkConnection.request} */
  async request(peer: PeerIdentity, method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown> {
    const connection = this.#connections.get(peerName(peer));
    if (!connection) throw unavailable('the peer is not connected');
    return await connection.request(method, body, options);
  }

  /** Dropped when the peer isn't connected. @param released as of {@link LinkConnection.sendSession} */
  sendSession(peer: PeerIdentity, runId: Uint8Array, payload: Uint8Array, released?: () => void): void {
    const connection = this.#connections.get(peerName(peer));
    if (connection) connection.sendSession(runId, payload, released);
    else if (released) queueMicrotask(released);
  }

  async close(): Promise<void> {
    if (this.#options.tls instanceof TlsFiles) this.#options.tls.off('change', this.#renewal);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections.values()) connection.end();
    // Sockets still in their handshake, or of peers that never said hello.
    setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), 500).unref();
    await closed;
  }

  #accept(socket: TLSSocket): void {
    let peer: PeerIdentity;
    try {
      peer = peerIdentityOf(socket, this.#options.networkId, this.#authorities);
      if (!this.#options.authorize(peer)) throw new BoopError('link.refused', 'this peer has no business here', { kind: 'peer' });
    } catch (error) {
      this.#log.warn('peer refused', { error });
      socket.destroy();
      return;
    }
    const { handlers, limits } = this.#options;
    const connection = new LinkConnection(
      socket,
      peer,
      { bootId: this.#bootId, handlers, log: this.#log, limits },
      { up: () => this.#register(connection), closed: () => this.#forget(connection) },
    );
  }

  #register(connection: LinkConnection): void {
    const name = peerName(connection.peer);
    const older = this.#connections.get(name);
    this.#connections.set(name, connection);
    if (older) {
      older.destroy(unavailable('replaced by a newer connection of the same peer'));
      this.#options.onPeer?.(connection.peer, false);
    }
    this.#options.onPeer?.(connection.peer, true);
  }

  #forget(connection: LinkConnection): void {
    const name = peerName(connection.peer);
    if (this.#connections.get(name) !== connection) return;
    this.#connections.delete(name);
    this.#options.onPeer?.(connection.peer, false);
  }
}

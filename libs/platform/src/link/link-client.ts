import { EventEmitter } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { BoopError, isBoopError } from '@boop/shared';
import { type Logger, silentLogger } from '../logging/logger.ts';
import { systemRng } from '../system.ts';
import { Authorities } from '../tls/authorities.ts';
import { type PeerIdentity, peerIdentityOf, peerName } from '../tls/peer-identity.ts';
import { currentTls, type TlsSource } from '../tls/tls-files.ts';
import { type TlsMaterial, tlsFailure } from '../tls/tls-material.ts';
import { Backoff } from './backoff.ts';
import { type LinkLimits } from './limits.ts';
import { type Handlers, LinkConnection, unavailable } from './link-connection.ts';
import { BOOT_ID_BYTES } from './messages.ts';

export interface LinkClientOptions {
  /** What changes in files takes effect at the next connection. */
  readonly tls: TlsSource;
  readonly networkId: string;
  /** The connection counts only if the server's certificate names exactly this peer. */
  readonly expect: PeerIdentity;
  readonly host: string;
  readonly port: number;
  /** Serves what the peer asks over the same connection; without it every request is refused. */
  readonly handlers?: Handlers;
  readonly bootId?: Uint8Array;
  readonly log?: Logger;
  readonly limits?: Partial<LinkLimits>;
}

const CONNECT_TIMEOUT_MS = 5_000;

const refuseAll: Handlers = {
  request: () => Promise.reject(new BoopError('link.unknown-method', 'this peer answers no requests')),
  session() {},
};

/**
 * Keeps one framed mTLS 1.3 link to one peer alive: reconnects by itself with jittered backoff until `close`. Requests never wait for a
 * connection. Events: `up`, `down`.
 */
export class LinkClient extends EventEmitter<{ up: []; down: [] }> {
  readonly #options: LinkClientOptions;
  readonly #log: Logger;
  readonly #bootId: Uint8Array;
  readonly #backoff = new Backoff();
  #tls: TlsSource;
  #authorities: Authorities | undefined;
  #bundle = '';
  #socket: TLSSocket | undefined;
  #connection: LinkConnection | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failure: string | undefined;
  #closed = false;

  /** Starts to connect at once. */
  constructor(options: LinkClientOptions) {
    super();
    this.#options = options;
    this.#tls = options.tls;
    this.#log = (options.log ?? silentLogger).child({ peer: peerName(options.expect) });
    this.#bootId = options.bootId ?? systemRng.bytes(BOOT_ID_BYTES);
    this.#connect();
  }

  get connected(): boolean {
    return this.#connection?.up ?? false;
  }

  get peerBootId(): Uint8Array | undefined {
    return this.connected ? this.#connection?.peerBootId : undefined;
  }

  /** Code of the last failed attempt, undefined while connected. */
  get lastFailure(): string | undefined {
    return this.connected ? undefined : this.#failure;
  }

  /** @throws BoopError `link.unavailable` at once when not connected or when the connection dies; otherwise as {@link LinkConnection.request} */
  async request(method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown> {
    if (!this.#connection?.up) throw unavailable('the peer is not connected');
    return await this.#connection.request(method, body, options);
  }

  /** Dropped when not connected. @param released as of {@link LinkConnection.sendSession} */
  sendSession(runId: Uint8Array, payload: Uint8Array, released?: () => void): void {
    if (this.#connection) this.#connection.sendSession(runId, payload, released);
    else if (released) queueMicrotask(released);
  }

  /** Takes effect at the next connection. */
  renew(tls: TlsMaterial): void {
    this.#tls = tls;
  }

  /** Resolves once connected. @throws BoopError `link.timeout` */
  async waitConnected(timeoutMs: number): Promise<void> {
    if (this.connected) return;
    await new Promise<void>((resolve, reject) => {
      const up = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.off('up', up);
        reject(new BoopError('link.timeout', `no connection to ${peerName(this.#options.expect)} (${this.#failure ?? 'no answer'})`, { kind: 'unavailable' }));
      }, timeoutMs);
      this.once('up', up);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    if (!socket || socket.closed) return;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    if (this.#connection?.up) this.#connection.end();
    else socket.destroy();
    await closed;
  }

  #connect(): void {
    const { host, port, expect, networkId, limits } = this.#options;
    const tls = currentTls(this.#tls);
    const authorities = this.#authoritiesIn(tls.ca);
    const socket = connect({
      host,
      port,
      cert: tls.cert,
      key: tls.key,
      ca: tls.ca,
      minVersion: 'TLSv1.3',
      maxVersion: 'TLSv1.3',
      rejectUnauthorized: true,
      // The name that counts is the URI in the certificate, checked below; host names say nothing about roles.
      checkServerIdentity: () => undefined,
    });
    this.#socket = socket;
    const timer = setTimeout(() => socket.destroy(), CONNECT_TIMEOUT_MS).unref();
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#failure = tlsFailure(error.code) ?? error.code ?? 'link.unavailable'));
    socket.once('close', () => {
      clearTimeout(timer);
      this.#scheduleRetry();
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      try {
        const peer = peerIdentityOf(socket, networkId, authorities);
        if (peerName(peer) !== peerName(expect)) throw new BoopError('link.bad-identity', 'another peer answers at this address', { kind: 'peer' });
      } catch (error) {
        this.#failure = isBoopError(error) ? error.code : 'link.bad-identity';
        this.#log.warn('server refused', { error });
        socket.destroy();
        return;
      }
      const connection = new LinkConnection(
        socket,
        expect,
        { bootId: this.#bootId, handlers: this.#options.handlers ?? refuseAll, log: this.#log, limits },
        { up: () => this.#goUp(connection), closed: (reason) => this.#goDown(connection, reason) },
      );
    });
  }

  #authoritiesIn(bundle: string): Authorities {
    if (!this.#authorities || bundle !== this.#bundle) this.#authorities = new Authorities(bundle);
    this.#bundle = bundle;
    return this.#authorities;
  }

  #goUp(connection: LinkConnection): void {
    this.#connection = connection;
    this.#failure = undefined;
    this.#backoff.reset();
    this.emit('up');
  }

  #goDown(connection: LinkConnection, reason: BoopError): void {
    this.#failure ??= reason.code;
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.emit('down');
  }

  #scheduleRetry(): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.nextDelayMs());
  }
}

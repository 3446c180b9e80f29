import { type Logger } from '@boop/platform';
import { type SignedPalmErasure } from '@boop/protocol';
import { isBoopError, type PartyId } from '@boop/shared';
import { type PeerAnswer, type PeerBody } from '../link/peer-methods.ts';
import { type Peers } from '../link/peers.ts';
import { type Network } from '../network.ts';
import { type ErasureService } from './erasure-service.ts';
import { type Gallery } from './gallery.ts';
import { type Registrar } from './registrar.ts';

const askTimeoutMs = 3_000;
const periodMs = 2_000;
/** Requests in one answer. */
export const erasuresPerPage = 1_024;

/**
 * Settles what a crash or a lost message left open: a pending registration that a peer has committed is committed here too; one that
 * nobody has committed, and nobody leads, is dropped once all peers have said so.
 */
export class GallerySync {
  readonly #input: { network: Network; peers: Peers; gallery: Gallery; registrar: Registrar; erasures: ErasureService; log: Logger };
  /** Registrations that this node leads now. */
  readonly #leading = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #settling: Promise<void> | undefined;
  #turn = 0;

  constructor(input: { network: Network; peers: Peers; gallery: Gallery; registrar: Registrar; erasures: ErasureService; log: Logger }) {
    this.#input = input;
  }

  start(): void {
    this.#timer = setInterval(() => {
      void this.settle();
      void this.catchUp();
    }, periodMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** While the task runs, no peer drops the registration that it leads. */
  async lead<T>(id: string, task: () => Promise<T>): Promise<T> {
    this.#leading.add(id);
    try {
      return await task();
    } finally {
      this.#leading.delete(id);
    }
  }

  answer(body: PeerBody<'gallery.sync'>): PeerAnswer<'gallery.sync'> {
    const { gallery, registrar } = this.#input;
    return { head: gallery.head, certificates: registrar.certificatesOf(body.pending), inFlight: body.pending.filter((id) => this.#leading.has(id)) };
  }

  /** Asks all live peers about what is pending here; with others that ask for it meanwhile. */
  async settle(): Promise<void> {
    if (this.#input.registrar.pendingId === undefined) return;
    this.#settling ??= this.#settle().finally(() => (this.#settling = undefined));
    await this.#settling;
  }

  async #settle(): Promise<void> {
    const { registrar, log } = this.#input;
    try {
      await registrar.retryDeciding();
      if (registrar.pendingId !== undefined) await this.#ask(registrar.pendingId);
    } catch (error) {
      log.warn('pending registration not settled', { code: isBoopError(error) ? error.code : 'internal', error });
    }
  }

  /**
   * Erases what a peer has erased and this node has not: it was down, or an older backup was restored. A peer can't have anything erased by it: each request
   * bears its owner's signature.
   */
  async catchUp(): Promise<void> {
    const { network, peers, gallery, log } = this.#input;
    const others = peers.live().filter((party) => party !== network.self);
    if (others.length === 0) return;
    const peer = others[(this.#turn += 1) % others.length]!;
    try {
      for (let from = 0; ; from += erasuresPerPage) {
        const { head, requests } = await peers.request(peer, 'gallery.erasures', { from }, askTimeoutMs);
        if (gallery.compare(head) !== 'diverged') return;
        for (const request of requests) await this.#eraseLike(peer, request);
        if (gallery.compare(head) !== 'diverged') return log.info('erased what a peer had erased', { peer, rows: gallery.rows });
        if (requests.length < erasuresPerPage) return;
      }
    } catch (error) {
      log.warn('erasures not compared', { peer, code: isBoopError(error) ? error.code : 'internal' });
    }
  }

  /** A request that means nothing here, as of a registration that this node lacks, keeps no other back. */
  async #eraseLike(peer: PartyId, request: SignedPalmErasure): Promise<void> {
    try {
      await this.#input.erasures.erase(request);
    } catch (error) {
      if (!isBoopError(error) || error.kind !== 'rejected') throw error;
      this.#input.log.warn('a request of a peer is not obeyed', { peer, code: error.code });
    }
  }

  async #ask(id: string): Promise<void> {
    const { network, peers, registrar, log } = this.#input;
    const others = network.parties.filter((party) => party !== network.self);
    const answers = await Promise.all(others.map((party) => this.#question(party, id)));
    const certificate = answers.flatMap((answer) => answer?.certificates ?? []).find(({ record }) => record.splitHash === id);
    if (certificate) {
      await registrar.commit(certificate);
      log.info('pending registration committed by certificate of a peer', { rows: this.#input.gallery.rows });
    } else if (!this.#leading.has(id) && peers.live().length === network.nodes && answers.every((answer) => answer && !answer.inFlight.includes(id))) {
      await registrar.dropStale(id);
    }
  }

  async #question(party: PartyId, id: string): Promise<PeerAnswer<'gallery.sync'> | undefined> {
    try {
      return await this.#input.peers.request(party, 'gallery.sync', { pending: [id] }, askTimeoutMs);
    } catch {
      return undefined;
    }
  }
}

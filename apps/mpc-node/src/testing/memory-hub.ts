import { BoopError, isBoopError, type PartyId } from '@boop/shared';
import { type PeerAnswer, type PeerBody, peerMethods, type PeerMethod } from '../link/peer-methods.ts';
import { type PeerHandlers, type Peers } from '../link/peers.ts';

/** What a test may do with a request on its way: pass another body, hold it back (a promise), or throw instead. */
export type Interception = (from: PartyId, to: PartyId, method: PeerMethod, body: unknown) => unknown;

interface Attached {
  readonly handlers: () => PeerHandlers;
  readonly bootId: Uint8Array;
  deliver(from: PartyId, runId: Uint8Array, payload: Uint8Array): void;
  changed(party: PartyId, connected: boolean): void;
}

const unavailable = (): BoopError => new BoopError('link.unavailable', 'the peer is not connected', { kind: 'unavailable' });

/** The mesh of a test: all nodes in one process, bodies through the same schemas as on the wire. */
export class MemoryHub {
  readonly #nodes = new Map<PartyId, Attached>();
  onRequest: Interception | undefined;
  onAnswer: Interception | undefined;
  /** What arrives instead; null when nothing does. */
  onSession: ((from: PartyId, to: PartyId, payload: Uint8Array, runId: Uint8Array) => Uint8Array | null) | undefined;

  /** Whether one node knows the other one's process: not yet, where a link is still to come. */
  isLinked: (self: PartyId, party: PartyId) => boolean = () => true;

  attach(party: PartyId, node: Attached): void {
    this.#nodes.set(party, node);
    for (const [other, { changed }] of this.#nodes) if (other !== party) changed(party, true);
  }

  detach(party: PartyId): void {
    this.#nodes.delete(party);
    for (const { changed } of this.#nodes.values()) changed(party, false);
  }

  peersOf(self: PartyId): Peers {
    return {
      self,
      live: () => [...this.#nodes.keys()].sort((a, b) => a - b),
      roundTripMs: () => 0,
      bootIdOf: (party) => (this.isLinked(self, party) ? this.#nodes.get(party)?.bootId : undefined),
      request: async (to, method, body) => await this.#request(self, to, method, body),
      sendSession: (to, runId, payload) => {
        const sent = this.onSession ? this.onSession(self, to, payload, runId) : payload.slice();
        if (sent === null) return;
        setImmediate(() => this.#nodes.get(to)?.deliver(self, runId, sent));
      },
    };
  }

  /** A message that a test made up or held back. */
  inject(from: PartyId, to: PartyId, runId: Uint8Array, payload: Uint8Array): void {
    setImmediate(() => this.#nodes.get(to)?.deliver(from, runId, payload));
  }

  async #request<M extends PeerMethod>(from: PartyId, to: PartyId, method: M, body: PeerBody<M>): Promise<PeerAnswer<M>> {
    const target = this.#nodes.get(to);
    if (!target || !this.#nodes.has(from)) throw unavailable();
    if (from === to) return await target.handlers()[method](from, body);
    await new Promise((resolve) => setImmediate(resolve));
    const sent = peerMethods[method].body.parse((await this.onRequest?.(from, to, method, body)) ?? body) as PeerBody<M>;
    try {
      const answer = await target.handlers()[method](from, sent);
      if (this.#nodes.get(to) !== target) throw unavailable();
      return peerMethods[method].answer.parse((await this.onAnswer?.(from, to, method, answer)) ?? answer) as PeerAnswer<M>;
    } catch (error) {
      if (this.#nodes.get(to) !== target) throw unavailable();
      if (!isBoopError(error)) throw new BoopError('link.internal', 'the peer failed while it answered', { kind: 'peer', cause: error });
      // Only these fields travel; subclasses and their blame stay behind.
      throw new BoopError(error.code, error.message, { kind: error.kind, retryAllowed: error.retryAllowed });
    }
  }
}

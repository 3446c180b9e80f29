import { BoopError, type PartyId } from '@boop/shared';
import { type MeshLink } from '../epochs/epoch-peers.ts';
import { type PeerAnswer, type PeerBody, peerMethods, type PeerMethod } from './peer-methods.ts';
import { type PeerHandlers, type Peers } from './peers.ts';

/** {@link Peers} over the mesh; what a node asks of itself never leaves the process. */
export class MeshPeers implements Peers {
  readonly self: PartyId;
  readonly #mesh: MeshLink;
  readonly #own: () => PeerHandlers;
  readonly #fastestMs = new Map<PartyId, number>();

  /** @param own this node's own handlers, which need the peers themselves and so come later */
  constructor(mesh: MeshLink, own: () => PeerHandlers) {
    this.self = mesh.self;
    this.#mesh = mesh;
    this.#own = own;
  }

  live(): PartyId[] {
    return this.#mesh.live();
  }

  roundTripMs(parties: readonly PartyId[]): number {
    return Math.max(0, ...parties.map((party) => this.#fastestMs.get(party) ?? 0));
  }

  bootIdOf(party: PartyId): Uint8Array | undefined {
    return this.#mesh.bootIdOf(party);
  }

  sendSession(to: PartyId, runId: Uint8Array, payload: Uint8Array, released?: () => void): void {
    this.#mesh.sendSession(to, runId, payload, released);
  }

  async request<M extends PeerMethod>(to: PartyId, method: M, body: PeerBody<M>, timeoutMs: number): Promise<PeerAnswer<M>> {
    if (to === this.self) return await this.#own()[method](to, body);
    const startedAt = performance.now();
    const answer = peerMethods[method].answer.safeParse(await this.#mesh.request(to, method, body, { timeoutMs }));
    this.#fastestMs.set(to, Math.min(performance.now() - startedAt, this.#fastestMs.get(to) ?? Infinity));
    if (!answer.success) throw new BoopError('peer.malformed-answer', 'a node answered in another form than agreed', { kind: 'peer' });
    return answer.data as PeerAnswer<M>;
  }
}

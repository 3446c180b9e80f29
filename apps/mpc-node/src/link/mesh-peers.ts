import { type NodeMesh } from '@boop/platform';
import { BoopError, type PartyId } from '@boop/shared';
import { type PeerAnswer, type PeerBody, peerMethods, type PeerMethod } from './peer-methods.ts';
import { type PeerHandlers, type Peers } from './peers.ts';

/** {@link Peers} over the mesh; what a node asks of itself never leaves the process. */
export class MeshPeers implements Peers {
  readonly self: PartyId;
  readonly #mesh: NodeMesh;
  readonly #own: () => PeerHandlers;

  /** @param own this node's own handlers, which need the peers themselves and so come later */
  constructor(mesh: NodeMesh, own: () => PeerHandlers) {
    this.self = mesh.self;
    this.#mesh = mesh;
    this.#own = own;
  }

  live(): PartyId[] {
    return this.#mesh.live();
  }

  bootIdOf(party: PartyId): Uint8Array | undefined {
    return this.#mesh.bootIdOf(party);
  }

  sendSession(to: PartyId, runId: Uint8Array, payload: Uint8Array): void {
    this.#mesh.sendSession(to, runId, payload);
  }

  async request<M extends PeerMethod>(to: PartyId, method: M, body: PeerBody<M>, timeoutMs: number): Promise<PeerAnswer<M>> {
    if (to === this.self) return await this.#own()[method](to, body);
    const answer = peerMethods[method].answer.safeParse(await this.#mesh.request(to, method, body, { timeoutMs }));
    if (!answer.success) throw new BoopError('peer.malformed-answer', 'a node answered in another form than agreed', { kind: 'peer' });
    return answer.data as PeerAnswer<M>;
  }
}

import { type NodeMesh } from '@boop/platform';
import { BoopError, type PartyId } from '@boop/shared';
import { type EpochAnswer, type EpochBody, type EpochHandlers, type EpochMethod, epochMethods } from './epoch-methods.ts';

/** Requests about epochs, to other nodes and to this one. Contract as of `Peers`. */
export interface EpochLink {
  readonly self: PartyId;
  live(): PartyId[];
  request<M extends EpochMethod>(to: PartyId, method: M, body: EpochBody<M>, timeoutMs: number): Promise<EpochAnswer<M>>;
}

/** {@link EpochLink} over the mesh. */
export function meshEpochLink(mesh: Pick<NodeMesh, 'self' | 'live' | 'request'>, own: () => EpochHandlers): EpochLink {
  return {
    self: mesh.self,
    live: () => mesh.live(),
    async request<M extends EpochMethod>(to: PartyId, method: M, body: EpochBody<M>, timeoutMs: number): Promise<EpochAnswer<M>> {
      if (to === mesh.self) return await own()[method](to, body);
      const answer = epochMethods[method].answer.safeParse(await mesh.request(to, method, body, { timeoutMs }));
      if (!answer.success) throw new BoopError('peer.malformed-answer', 'a node answered in another form than agreed', { kind: 'peer' });
      return answer.data as EpochAnswer<M>;
    },
  };
}

/** Serves a peer's request about epochs. @throws BoopError `link.unknown-method`, `request.malformed` */
export async function serveEpochs(handlers: EpochHandlers, from: PartyId, method: string, body: unknown): Promise<unknown> {
  if (!Object.hasOwn(epochMethods, method)) throw new BoopError('link.unknown-method', 'no such method for this peer');
  const parsed = epochMethods[method as EpochMethod].body.safeParse(body);
  if (!parsed.success) throw new BoopError('request.malformed', 'the request does not have the documented form');
  return await (handlers[method as EpochMethod] as (from: PartyId, body: unknown) => Promise<unknown>)(from, parsed.data);
}

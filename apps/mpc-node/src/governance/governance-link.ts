import { type NodeMesh } from '@boop/platform';
import { BoopError, type PartyId } from '@boop/shared';
import { type GovernanceAnswer, type GovernanceBody, type GovernanceHandlers, type GovernanceMethod, governanceMethods } from './governance-methods.ts';

const timeoutMs = 5_000;

/** Requests about manifests to other nodes, of whatever epoch. Contract as of `Peers`. */
export interface GovernanceLink {
  readonly self: PartyId;
  /** Other nodes whose link is up. */
  others(): PartyId[];
  request<M extends GovernanceMethod>(to: PartyId, method: M, body: GovernanceBody<M>): Promise<GovernanceAnswer<M>>;
}

/** {@link GovernanceLink} over the mesh. */
export function meshGovernanceLink(mesh: Pick<NodeMesh, 'self' | 'live' | 'request'>): GovernanceLink {
  return {
    self: mesh.self,
    others: () => mesh.live().filter((party) => party !== mesh.self),
    async request<M extends GovernanceMethod>(to: PartyId, method: M, body: GovernanceBody<M>): Promise<GovernanceAnswer<M>> {
      const answer = governanceMethods[method].answer.safeParse(await mesh.request(to, method, body, { timeoutMs }));
      if (!answer.success) throw new BoopError('peer.malformed-answer', 'a node answered in another form than agreed', { kind: 'peer' });
      return answer.data as GovernanceAnswer<M>;
    },
  };
}

export const isGovernanceMethod = (method: string): method is GovernanceMethod => Object.hasOwn(governanceMethods, method);

/** Serves a peer's request about manifests. @throws BoopError `request.malformed` */
export async function serveGovernance(handlers: GovernanceHandlers, from: PartyId, method: GovernanceMethod, body: unknown): Promise<unknown> {
  const parsed = governanceMethods[method].body.safeParse(body);
  if (!parsed.success) throw new BoopError('request.malformed', 'the request does not have the documented form');
  return await (handlers[method] as (from: PartyId, body: unknown) => Promise<unknown>)(from, parsed.data);
}

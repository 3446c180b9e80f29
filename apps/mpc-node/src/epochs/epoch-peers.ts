import { type NodeMesh } from '@boop/platform';
import { type PartyId } from '@boop/shared';
import { type Network } from '../network.ts';

export type MeshLink = Pick<NodeMesh, 'self' | 'live' | 'bootIdOf' | 'request' | 'sendSession'>;

/** The mesh as one epoch sees it: its members only, and every request says in which epoch it is made. */
export function inEpoch(mesh: MeshLink, { epoch, nodes }: Network, isMember: (party: PartyId) => boolean): MeshLink {
  return {
    self: mesh.self,
    live: () => mesh.live().filter((party) => party <= nodes && isMember(party)),
    bootIdOf: (party) => mesh.bootIdOf(party),
    request: async (to, method, body, options) => await mesh.request(to, `in.${epoch}.${method}`, body, options),
    sendSession: (to, runId, payload, released) => mesh.sendSession(to, runId, payload, released),
  };
}

/** Undefined for a method that belongs to no epoch. */
export function epochOf(method: string): { method: string; epoch: number } | undefined {
  const match = /^in\.([1-9][0-9]{0,8})\.([a-z.-]{1,64})$/.exec(method);
  return match ? { method: match[2]!, epoch: Number(match[1]) } : undefined;
}

import { attributeNodeMethods, type NetworkManifest } from '@boop/protocol';
import { BoopError, fromBase64Url } from '@boop/shared';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type z } from 'zod';

export type NodeMethods = typeof attributeNodeMethods;
export type NodeMethod = keyof NodeMethods;
export type NodeBody<M extends NodeMethod> = z.input<NodeMethods[M]['body']>;
export type NodeAnswer<M extends NodeMethod> = z.output<NodeMethods[M]['answer']>;

/** What is needed of a link to a node; `LinkClient` of the platform is one. */
export interface NodeLink {
  readonly connected: boolean;
  request(method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown>;
}

/** All nodes, as this service asks them. */
export interface Nodes {
  readonly networkId: string;
  readonly count: number;
  readonly threshold: number;
  /** Parties whose link is up, ascending. */
  live(): number[];
  /** @throws BoopError of the node or the link, `node.malformed-answer` */
  ask<M extends NodeMethod>(party: number, method: M, body: NodeBody<M>, timeoutMs: number): Promise<NodeAnswer<M>>;
  /** Ed25519 under the identity that the manifest names. */
  verify(party: number, bytes: Uint8Array, signature: string): boolean;
}

/** @param linkOf link of a party, 1…N */
export function nodesOf(manifest: NetworkManifest, linkOf: (party: number) => NodeLink): Nodes {
  const keys = new Map<number, KeyObject>(manifest.members.map(({ party, identityKey }) => [party, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: identityKey }, format: 'jwk' })]));
  return {
    networkId: manifest.networkId,
    count: manifest.members.length,
    threshold: manifest.threshold,
    live: () => manifest.members.map(({ party }) => party).filter((party) => linkOf(party).connected),
    async ask(party, method, body, timeoutMs) {
      const parsed = attributeNodeMethods[method].answer.safeParse(await linkOf(party).request(method, body, { timeoutMs }));
      if (!parsed.success) throw new BoopError('node.malformed-answer', 'a node answered in an unknown form', { kind: 'peer' });
      return parsed.data as never;
    },
    verify(party, bytes, signature) {
      const key = keys.get(party);
      return key !== undefined && verify(null, bytes, key, fromBase64Url(signature));
    },
  };
}

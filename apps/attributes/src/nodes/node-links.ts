import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { attributeNodeMethods, epochDrainSeconds, isSameNode, type NetworkManifest } from '@boop/protocol';
import { BoopError, type Clock, fromBase64Url } from '@boop/shared';
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

/** Members of one manifest whose words count. */
export interface Committee {
  readonly threshold: number;
  /** Ed25519 under the identity that this manifest names. */
  verify(party: number, bytes: Uint8Array, signature: string): boolean;
}

/** All nodes of the manifest in force, as this service asks them. */
export interface Nodes {
  readonly networkId: string;
  readonly count: number;
  readonly threshold: number;
  /** Parties whose link is up, ascending. */
  live(): number[];
  /** @throws BoopError of the node or the link, `node.malformed-answer` */
  ask<M extends NodeMethod>(party: number, method: M, body: NodeBody<M>, timeoutMs: number): Promise<NodeAnswer<M>>;
  /** Ed25519 under an identity that counts for this party. */
  verify(party: number, bytes: Uint8Array, signature: string): boolean;
  /** Members in force, and for a while those before them: sessions of their epoch end under its keys. */
  committees(): readonly Committee[];
}

/** {@link Nodes} of a manifest that others follow. */
export class FollowedNodes implements Nodes {
  readonly #linkOf: (party: number) => NodeLink | undefined;
  readonly #clock: Clock;
  #manifest: NetworkManifest;
  #committee: Committee;
  #earlier: { readonly committee: Committee; readonly untilMs: number } | undefined;

  /** @param linkOf link of a party, 1…N; undefined for one that has left */
  constructor({ manifest, linkOf, clock }: { manifest: NetworkManifest; linkOf: (party: number) => NodeLink | undefined; clock: Clock }) {
    this.#linkOf = linkOf;
    this.#clock = clock;
    this.#manifest = manifest;
    this.#committee = committeeOf(manifest);
  }

  get networkId(): string {
    return this.#manifest.networkId;
  }

  get count(): number {
    return this.#manifest.members.length;
  }

  get threshold(): number {
    return this.#manifest.threshold;
  }

  /** Another manifest is in force. @returns parties that are the same nodes as before */
  follow(next: NetworkManifest): ReadonlySet<number> {
    const stayed = next.members.filter((member) => {
      const before = this.#manifest.members[member.party - 1];
      return before !== undefined && isSameNode(before, member);
    });
    this.#earlier = { committee: this.#committee, untilMs: this.#clock.nowMs() + 1_000 * epochDrainSeconds };
    this.#manifest = next;
    this.#committee = committeeOf(next);
    return new Set(stayed.map(({ party }) => party));
  }

  parties(): number[] {
    return this.#manifest.members.map(({ party }) => party);
  }

  live(): number[] {
    return this.parties().filter((party) => this.#linkOf(party)?.connected === true);
  }

  async ask<M extends NodeMethod>(party: number, method: M, body: NodeBody<M>, timeoutMs: number): Promise<NodeAnswer<M>> {
    const parsed = attributeNodeMethods[method].answer.safeParse(await this.request(party, method, body, { timeoutMs }));
    if (!parsed.success) throw new BoopError('node.malformed-answer', 'a node answered in an unknown form', { kind: 'peer' });
    return parsed.data as never;
  }

  /** @throws BoopError of the node or the link */
  async request(party: number, method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown> {
    const link = this.#linkOf(party);
    if (!link) throw new BoopError('link.unavailable', 'this node has left', { kind: 'unavailable' });
    return await link.request(method, body, options);
  }

  verify(party: number, bytes: Uint8Array, signature: string): boolean {
    return this.committees().some((committee) => committee.verify(party, bytes, signature));
  }

  committees(): readonly Committee[] {
    const earlier = this.#earlier;
    return earlier && this.#clock.nowMs() < earlier.untilMs ? [this.#committee, earlier.committee] : [this.#committee];
  }
}

function committeeOf({ threshold, members }: NetworkManifest): Committee {
  const keys = new Map<number, KeyObject>(members.map(({ party, identityKey }) => [party, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: identityKey }, format: 'jwk' })]));
  return {
    threshold,
    verify(party, bytes, signature) {
      const key = keys.get(party);
      return key !== undefined && verify(null, bytes, key, fromBase64Url(signature));
    },
  };
}

import { nodeMethods } from '@boop/protocol';
import { BoopError } from '@boop/shared';
import { type z } from 'zod';

/** What the pool needs of a link; `LinkClient` of the platform is one. */
export interface NodeLink {
  readonly connected: boolean;
  request(method: string, body: unknown, options: { timeoutMs: number }): Promise<unknown>;
  on(event: 'up' | 'down', listener: () => void): unknown;
  close(): Promise<void>;
}

export type NodeMethod = keyof typeof nodeMethods;
export type NodeRequest<Method extends NodeMethod> = z.input<(typeof nodeMethods)[Method]['body']>;
export type NodeAnswer<Method extends NodeMethod> = z.output<(typeof nodeMethods)[Method]['answer']>;

/** @throws BoopError of the node, of the link, or `node.malformed-answer` */
export async function askNode<Method extends NodeMethod>(link: NodeLink, method: Method, body: NodeRequest<Method>, timeoutMs: number): Promise<NodeAnswer<Method>> {
  const parsed = nodeMethods[method].answer.safeParse(await link.request(method, body, { timeoutMs }));
  if (!parsed.success) throw new BoopError('node.malformed-answer', 'a node answered in an unknown form', { kind: 'peer' });
  return parsed.data as NodeAnswer<Method>;
}

import { BoopError, type PartyId } from '@boop/shared';
import { checkpointMethods } from '@boop/protocol';
import { type z } from 'zod';

type Methods = typeof checkpointMethods;
export type CheckpointMethod = keyof Methods;
export type CheckpointBody<M extends CheckpointMethod> = AnyBuffer<z.input<Methods[M]['body']>>;
export type CheckpointAnswer<M extends CheckpointMethod> = z.output<Methods[M]['answer']>;

/** Bytes over any kind of buffer, where a schema's type asks for one that is not shared. */
type AnyBuffer<T> = T extends Uint8Array ? Uint8Array : T extends object ? { readonly [K in keyof T]: AnyBuffer<T[K]> } : T;

/** One node as the log sees it. Contract: `request` is bounded in time and throws BoopErrors; `link.*` when the node is out of reach. */
export interface NodePort {
  readonly party: PartyId;
  readonly connected: boolean;
  request(method: string, body: unknown): Promise<unknown>;
}

/** Asks a node; its answer is checked strictly. @throws BoopError `log.bad-answer` (kind peer), or the node's own */
export async function askNode<M extends CheckpointMethod>(node: NodePort, method: M, body: CheckpointBody<M>): Promise<CheckpointAnswer<M>> {
  const answer = checkpointMethods[method].answer.safeParse(await node.request(method, body));
  if (!answer.success) throw new BoopError('log.bad-answer', 'a node answered in another form than agreed', { kind: 'peer' });
  return answer.data as CheckpointAnswer<M>;
}

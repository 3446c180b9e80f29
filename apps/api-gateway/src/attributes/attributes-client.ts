import { attributesMethods, isProblemCode } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { type z } from 'zod';
import { type NodeLink } from '../nodes/node-link.ts';

/** A write waits for the nodes. */
const timeoutMs = 8_000;

type Method = keyof typeof attributesMethods;
type Body<M extends Method> = z.input<(typeof attributesMethods)[M]['body']>;
type Answer<M extends Method> = z.output<(typeof attributesMethods)[M]['answer']>;

/** The attributes service as far as attributes and releases go. */
export interface AttributesClient {
  /** @throws BoopError the service's refusal, or `attributes.unavailable` */
  ask<M extends Method>(method: M, body: Body<M>): Promise<Answer<M>>;
}

export const attributesClient = (link: Pick<NodeLink, 'request'>): AttributesClient => ({
  async ask(method, body) {
    const answer = await link.request(method, body, { timeoutMs }).catch((error: unknown) => {
      if (isBoopError(error) && isProblemCode(error.code)) throw error;
      throw new BoopError('attributes.unavailable', 'the attributes service is not reachable', { kind: 'unavailable', cause: error });
    });
    const parsed = attributesMethods[method].answer.safeParse(answer);
    if (!parsed.success) throw new BoopError('attributes.unavailable', 'the attributes service answered in an unknown form', { kind: 'unavailable' });
    return parsed.data as Answer<typeof method>;
  },
});

import { consentMethods, isProblemCode } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { type z } from 'zod';
import { type NodeLink } from '../nodes/node-link.ts';

/** A grant or a withdrawal waits for the nodes. */
const timeoutMs = 8_000;

type Method = keyof typeof consentMethods;
type Body<M extends Method> = z.input<(typeof consentMethods)[M]['body']>;
type Answer<M extends Method> = z.output<(typeof consentMethods)[M]['answer']>;

/** The attributes service as far as consents go. */
export interface ConsentsClient {
  /** @throws BoopError the service's refusal, or `attributes.unavailable` */
  ask<M extends Method>(method: M, body: Body<M>): Promise<Answer<M>>;
}

export const consentsClient = (link: Pick<NodeLink, 'request'>): ConsentsClient => ({
  async ask(method, body) {
    const answer = await link.request(method, body, { timeoutMs }).catch((error: unknown) => {
      if (isBoopError(error) && isProblemCode(error.code)) throw error;
      throw new BoopError('attributes.unavailable', 'the attributes service is not reachable', { kind: 'unavailable', cause: error });
    });
    const parsed = consentMethods[method].answer.safeParse(answer);
    if (!parsed.success) throw new BoopError('attributes.unavailable', 'the attributes service answered in an unknown form', { kind: 'unavailable' });
    return parsed.data as Answer<typeof method>;
  },
});

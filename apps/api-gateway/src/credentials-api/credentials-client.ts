import { credentialMethods, isProblemCode } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { type z } from 'zod';
import { type NodeLink } from '../nodes/node-link.ts';

/** Telling the nodes and two rounds of signing. */
const timeoutMs = 12_000;

type Method = keyof typeof credentialMethods;

/** The attributes service as far as credentials go. */
export interface CredentialsClient {
  /** @throws BoopError the service's refusal, or `attributes.unavailable` */
  ask<M extends Method>(method: M, body: z.input<(typeof credentialMethods)[M]['body']>): Promise<z.output<(typeof credentialMethods)[M]['answer']>>;
}

export const credentialsClient = (link: Pick<NodeLink, 'request'>): CredentialsClient => ({
  async ask(method, body) {
    const answer = await link.request(method, body, { timeoutMs }).catch((error: unknown) => {
      if (isBoopError(error) && isProblemCode(error.code)) throw error;
      throw new BoopError('attributes.unavailable', 'the attributes service is not reachable', { kind: 'unavailable', cause: error });
    });
    const parsed = credentialMethods[method].answer.safeParse(answer);
    if (!parsed.success) throw new BoopError('attributes.unavailable', 'the attributes service answered in an unknown form', { kind: 'unavailable' });
    return parsed.data as never;
  },
});

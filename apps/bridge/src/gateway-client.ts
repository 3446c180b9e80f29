import { type LinkClient } from '@boop/platform';
import { gatewayMethods, isProblemCode } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { type z } from 'zod';

export type GatewayMethod = keyof typeof gatewayMethods;
export type GatewayRequest<Method extends GatewayMethod> = z.input<(typeof gatewayMethods)[Method]['body']>;
export type GatewayAnswer<Method extends GatewayMethod> = z.output<(typeof gatewayMethods)[Method]['answer']>;

/** Port to the gateway. Errors carry codes of the public table only. */
export interface GatewayClient {
  /** @throws BoopError `gateway.unavailable` when it is down, restarts or doesn't answer in time; its own refusals; `service.internal` */
  ask<Method extends GatewayMethod>(method: Method, body: GatewayRequest<Method>): Promise<GatewayAnswer<Method>>;
}

const timeoutMs = 5_000;
/** At the gateway a probe waits at most 3 s for its turn, and the nodes' run is bounded by 10 s. */
const slowMethods: Partial<Record<GatewayMethod, number>> = { 'probe.submit': 14_000 };

export function gatewayClient(link: Pick<LinkClient, 'request'>): GatewayClient {
  return {
    async ask(method, body) {
      const answer = await link.request(method, body, { timeoutMs: slowMethods[method] ?? timeoutMs }).catch((error: unknown) => {
        if (isBoopError(error) && isProblemCode(error.code)) throw error;
        // A link that is down, full or silent: the gateway may have heard the question or not.
        if (isBoopError(error) && error.kind === 'unavailable' && error.code.startsWith('link.')) throw new BoopError('gateway.unavailable', 'the gateway is not reachable', { kind: 'unavailable', retryAllowed: true, cause: error });
        throw new BoopError('service.internal', 'the gateway could not answer', { kind: 'peer', cause: error });
      });
      const parsed = gatewayMethods[method].answer.safeParse(answer);
      if (!parsed.success) throw new BoopError('service.internal', 'the gateway answered in an unknown form', { kind: 'peer' });
      return parsed.data as GatewayAnswer<typeof method>;
    },
  };
}

import { type NetworkInfo, networkInfoSchema } from '@boop/protocol';
import { type RestClient } from '../rest/rest-client.ts';
import { type Clock } from '@boop/shared';
import { createNetworkGuard, type NetworkPin } from './network-pin.ts';

export interface NetworkDirectory {
  /** `GET /v1/network`, checked against the pin. @throws BoopError `network.mismatch`, `connection.lost` */
  info(signal?: AbortSignal): Promise<NetworkInfo>;
}

/** Epochs and group keys change rarely. */
const freshMs = 60_000;

export function createNetworkDirectory(rest: RestClient, pin: NetworkPin | undefined, clock: Clock): NetworkDirectory {
  const guard = createNetworkGuard(pin);
  let known: { readonly info: NetworkInfo; readonly atMs: number } | undefined;
  return {
    async info(signal) {
      if (known && clock.nowMs() - known.atMs < freshMs) return known.info;
      const info = guard(await rest.request('GET', '/v1/network', { schema: networkInfoSchema, signal }));
      known = { info, atMs: clock.nowMs() };
      return info;
    },
  };
}

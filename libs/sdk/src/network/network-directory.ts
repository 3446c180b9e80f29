import { type NetworkInfo, networkInfoSchema } from '@boop/protocol';
import { type RestClient } from '../rest/rest-client.ts';
import { type SdkPorts } from '../ports.ts';
import { fetchManifests } from './fetch-manifests.ts';
import { createNetworkGuard, type NetworkPin } from './network-pin.ts';

export interface NetworkDirectory {
  /** `GET /v1/network`, checked against the pin. @throws BoopError `network.mismatch`, `connection.lost` */
  info(signal?: AbortSignal): Promise<NetworkInfo>;
}

/** Epochs and group keys change rarely. */
const freshMs = 60_000;

export function createNetworkDirectory(rest: RestClient, pin: NetworkPin | undefined, ports: Pick<SdkPorts, 'clock' | 'fetch'>): NetworkDirectory {
  const { clock } = ports;
  const guard = createNetworkGuard(pin, fetchManifests(ports));
  let known: { readonly info: NetworkInfo; readonly atMs: number } | undefined;
  return {
    async info(signal) {
      if (known && clock.nowMs() - known.atMs < freshMs) return known.info;
      const info = await guard(await rest.request('GET', '/v1/network', { schema: networkInfoSchema, signal }));
      known = { info, atMs: clock.nowMs() };
      return info;
    },
  };
}

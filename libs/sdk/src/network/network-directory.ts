import { type NetworkInfo, networkInfoSchema } from '@boop/protocol';
import { isBoopError } from '@boop/shared';
import { type RestClient } from '../rest/rest-client.ts';
import { type SdkPorts } from '../ports.ts';
import { fetchManifests } from './fetch-manifests.ts';
import { createNetworkGuard, type NetworkPin } from './network-pin.ts';

export interface NetworkDirectory {
  /** `GET /v1/network`, checked against the pin. @throws BoopError `network.mismatch`, `connection.lost` */
  info(signal?: AbortSignal): Promise<NetworkInfo>;
  /**
   * Has something that the nodes signed checked by the keys of the network as it is known. Nodes sign by the keys of their session's epoch: where a receipt does not
   * hold, it is checked by those of the epoch before, for as long as sessions of it may end, and by those of now, if they are others.
   * @throws what the first check threw
   */
  check<T>(verify: (info: NetworkInfo) => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Epochs and group keys change rarely. */
const freshMs = 60_000;
/** As long as a context may live. */
const endingMs = 10 * 60_000;

export function createNetworkDirectory(rest: RestClient, pin: NetworkPin | undefined, ports: Pick<SdkPorts, 'clock' | 'fetch'>): NetworkDirectory {
  const { clock } = ports;
  const guard = createNetworkGuard(pin, fetchManifests(ports));
  let known: { readonly info: NetworkInfo; readonly atMs: number } | undefined;
  let ending: { readonly info: NetworkInfo; readonly atMs: number } | undefined;

  const load = async (signal: AbortSignal | undefined): Promise<NetworkInfo> => {
    const info = await guard(await rest.request('GET', '/v1/network', { schema: networkInfoSchema, signal }));
    const atMs = clock.nowMs();
    if (known && known.info.epoch < info.epoch) ending = { info: known.info, atMs };
    known = { info, atMs };
    return info;
  };
  const info = async (signal?: AbortSignal): Promise<NetworkInfo> => (known && clock.nowMs() - known.atMs < freshMs ? known.info : await load(signal));

  return {
    info,
    async check(verify, signal) {
      const first = await info(signal);
      try {
        return await verify(first);
      } catch (error) {
        if (!isBoopError(error) || error.code !== 'receipt.invalid') throw error;
        const before = ending && clock.nowMs() - ending.atMs < endingMs ? ending.info : undefined;
        const now = await load(signal).catch(() => undefined);
        for (const other of [before, now]) {
          if (!other || other.epoch === first.epoch) continue;
          const checked = await verify(other).then((value) => ({ value }), () => undefined);
          if (checked) return checked.value;
        }
        throw error;
      }
    },
  };
}

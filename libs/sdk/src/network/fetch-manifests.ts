import { manifestChainSchema, type NetworkInfo } from '@boop/protocol';
import { type SdkPorts } from '../ports.ts';
import { type ManifestSource } from './network-pin.ts';

/** `GET /v1/network/manifests` of the gateway that publishes the network's keys. @throws TypeError, SyntaxError and whatever fetch throws */
export const fetchManifests = ({ fetch }: Pick<SdkPorts, 'fetch'>): ManifestSource => async ({ jwksUrl }: NetworkInfo, fromEpoch) => {
  const response = await fetch(new URL(`/v1/network/manifests?from=${fromEpoch}`, jwksUrl));
  return manifestChainSchema.parse(await response.json()).links;
};

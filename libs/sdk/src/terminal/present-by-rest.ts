import { type SigningKey } from '@boop/identity';
import { type Authentication, authenticationSchema } from '@boop/protocol';
import { createNetworkDirectory } from '../network/network-directory.ts';
import { type NetworkPin } from '../network/network-pin.ts';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { createRestClient } from '../rest/rest-client.ts';
import { prepareProbe, type TerminalLiveness } from './prepare-probe.ts';

export interface PresentByRestInput {
  readonly gatewayUrl: string;
  readonly terminalKey: string;
  /** The terminal's registered signing key. */
  readonly device: SigningKey;
  readonly authentication: Pick<Authentication, 'id' | 'sessionId'>;
  /** BMP or PNG of a 128×128 region of interest. */
  readonly capture: Uint8Array;
  /** Its verdict goes along with the capture. */
  readonly liveness?: TerminalLiveness;
  readonly pin?: NetworkPin;
  readonly signal?: AbortSignal;
  readonly ports?: Partial<SdkPorts>;
}

/**
 * Presents a capture without a channel: one request that answers when the nodes have decided.
 * @returns the resource without the ID token, which is the vendor's alone
 * @throws CaptureQualityError, BoopError `liveness.attack`, `capture.*`, `template.*`, `network.mismatch`, and the server's codes
 */
export async function presentByRest(input: PresentByRestInput): Promise<Authentication> {
  const { authentication, capture, device, liveness, signal } = input;
  const ports = systemPorts(input.ports);
  const rest = createRestClient(input.gatewayUrl, input.terminalKey, ports);
  const network = await createNetworkDirectory(rest, input.pin, ports).info(signal);
  const split = await prepareProbe({ capture, sessionId: authentication.sessionId, network, device, liveness }, { rng: ports.rng, nowMs: ports.clock.nowMs() });
  return rest.request('POST', `/v1/authentications/${encodeURIComponent(authentication.id)}/probe`, { schema: authenticationSchema, body: { split }, signal });
}

import { SigningKey } from '@boop/identity';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { type TerminalOptions } from '../terminal/terminal-client.ts';
import { type VendorOptions } from '../vendor/vendor-client.ts';
import { EventStreams } from './event-streams.ts';
import { type SandboxCase } from './magic-palms.ts';
import { SandboxAuthentications, sandboxTerminalId, sandboxVendorId } from './sandbox-authentications.ts';
import { sandboxBridge } from './sandbox-bridge.ts';
import { SandboxNetwork, sandboxUrl } from './sandbox-network.ts';
import { SandboxRegistrations } from './sandbox-registrations.ts';
import { sandboxFetch } from './sandbox-rest.ts';

/** A whole network inside this process: the clients are the real ones and verify everything that they verify elsewhere. */
export interface Sandbox {
  /** For `createVendorClient`. */
  readonly vendor: VendorOptions;
  /** For `createTerminalClient`; contexts with this `terminalId` reach it. */
  readonly terminal: TerminalOptions & { readonly terminalId: string };
  /** For `createRegistrationClient`. */
  readonly registration: { readonly bridgeUrl: string; readonly ports: Partial<SdkPorts> };
  /**
   * Somebody holds a palm over a scanner.
   * @throws BoopError `mpc.nodes-unavailable` for `node-down`; `context.*`, `request.not-found`
   */
  scan(contextId: string, palm: SandboxCase): void;
}

/** @param replaced clock and randomness, for tests that must repeat */
export async function createSandbox(replaced: Partial<Pick<SdkPorts, 'clock' | 'rng'>> = {}): Promise<Sandbox> {
  const { clock, rng } = systemPorts(replaced);
  const network = await SandboxNetwork.create(rng);
  const streams = new EventStreams(rng);
  const authentications = new SandboxAuthentications({ network, streams, clock, rng });
  const registrations = new SandboxRegistrations({ network, streams, authentications, clock, rng });
  const ports = { fetch: sandboxFetch(network, authentications), openSocket: sandboxBridge({ network, streams, authentications, registrations }), clock, rng };
  const bridgeUrl = network.info.bridgeUrl;
  return {
    vendor: { gatewayUrl: sandboxUrl, bridgeUrl, apiKey: 'sk_test_sandbox', vendorId: sandboxVendorId, pin: network.info, ports },
    terminal: { bridgeUrl, terminalKey: 'tk_test_sandbox', device: SigningKey.generate(rng), pin: network.info, ports, terminalId: sandboxTerminalId },
    registration: { bridgeUrl, ports },
    scan: (contextId, palm) => void authentications.play(contextId, palm),
  };
}

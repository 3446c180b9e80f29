import { type IdTokenClaims } from '@boop/identity';
import { type Authentication, authenticationSchema, type CreateAuthentication, type LogEntry, type LogProof, type NetworkInfo } from '@boop/protocol';
import { toBase64Url } from '@boop/shared';
import { fetchLogProof, type LogProofOptions, verifyProof } from '../log/log-proofs.ts';
import { createNetworkDirectory } from '../network/network-directory.ts';
import { type NetworkPin } from '../network/network-pin.ts';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { createRestClient } from '../rest/rest-client.ts';
import { type AuthenticationResult, toResult } from './authentication-result.ts';
import { createTokenVerifier, jwksUrlOf, type TokenChecks } from './token-verifier.ts';
import { openVendorChannel, type VendorChannel } from './vendor-channel.ts';
import { ContextWatch, waitForEnd } from './wait-for-end.ts';

export interface VendorOptions {
  readonly gatewayUrl: string;
  /** `sk_test_…` or `sk_live_…`; stays on the vendor's server. */
  readonly apiKey: string;
  /** The vendor's own id: tokens for anybody else are refused. */
  readonly vendorId: string;
  /** With it results come as events; without it they are polled. */
  readonly bridgeUrl?: string;
  /** `iss` of the tokens; the gateway's address when absent. */
  readonly issuer?: string;
  /** C2SP verifier key of the network's log. Without it the key that the gateway names first is trusted. */
  readonly logVerifierKey?: string;
  readonly pin?: NetworkPin;
  readonly ports?: Partial<SdkPorts>;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** Default: until the context's expiry and a little more. */
  readonly timeoutMs?: number;
}

export interface AuthenticationHandle {
  readonly id: string;
  /** For the person's own device, shown as a QR code. */
  readonly link: string;
  readonly authentication: Authentication;
  /** @throws BoopError `wait.timeout`, `token.invalid`, `receipt.invalid`, and the server's codes; the signal's reason */
  waitForResult(options?: WaitOptions): Promise<AuthenticationResult>;
  /** @throws BoopError `context.decided`, `context.expired` when it is too late */
  cancel(options?: { signal?: AbortSignal }): Promise<void>;
}

export interface VendorClient {
  /** @throws BoopError `mpc.nodes-unavailable` when too few nodes are up, `request.*` */
  createAuthentication(request: CreateAuthentication, options?: { signal?: AbortSignal }): Promise<AuthenticationHandle>;
  verifyToken(idToken: string, checks: TokenChecks): Promise<IdTokenClaims>;
  network(signal?: AbortSignal): Promise<NetworkInfo>;
  getLogProof(entryHash: string, options?: LogProofOptions): Promise<LogProof>;
  /** @throws BoopError `log.*`, `receipt.invalid` */
  verifyProof(proof: LogProof, entryHash?: string): Promise<{ readonly entry: LogEntry; readonly leafIndex: number; readonly treeSize: number }>;
  /** Closes the event channel, if one was opened. */
  close(): void;
}

const channelPatienceMs = 3000;
const afterExpiryMs = 15_000;

/** Client of a vendor's backend. */
export function createVendorClient(options: VendorOptions): VendorClient {
  const { gatewayUrl, apiKey, vendorId, bridgeUrl, pin } = options;
  const ports = systemPorts(options.ports);
  const rest = createRestClient(gatewayUrl, apiKey, ports);
  const directory = createNetworkDirectory(rest, pin, ports);
  const verifyToken = createTokenVerifier(jwksUrlOf(gatewayUrl), { issuer: options.issuer ?? rest.baseUrl, audience: vendorId }, ports.fetch);
  let logVerifierKey = options.logVerifierKey;
  let channel: VendorChannel | undefined;

  const openChannel = async (): Promise<VendorChannel | undefined> => {
    if (bridgeUrl === undefined) return undefined;
    channel ??= openVendorChannel(bridgeUrl, apiKey, ports);
    // A bridge that is away costs speed, not the result.
    await channel.ready(channelPatienceMs).catch(() => undefined);
    return channel;
  };

  const post = (path: string, body: unknown, signal: AbortSignal | undefined): Promise<Authentication> =>
    rest.request('POST', path, { schema: authenticationSchema, body, signal, idempotent: true });

  return {
    async createAuthentication(request, { signal } = {}) {
      // Our own id makes a repeat harmless, and lets us listen before the context exists.
      const contextId = request.contextId ?? `ctx_${toBase64Url(ports.rng.bytes(16))}`;
      const events = await openChannel();
      const watch = new ContextWatch();
      const unwatch = events?.watch(contextId, (news) => watch.take(news));
      const authentication = await post('/v1/authentications', { ...request, contextId }, signal).catch((error: unknown) => {
        unwatch?.();
        throw error;
      });
      const path = `/v1/authentications/${encodeURIComponent(authentication.id)}`;
      return {
        id: authentication.id,
        link: authentication.link,
        authentication,
        async waitForResult({ signal: waitSignal, timeoutMs } = {}) {
          const ended = await waitForEnd({
            watch,
            load: (loadSignal) => rest.request('GET', path, { schema: authenticationSchema, signal: loadSignal }),
            hasChannel: () => events?.connected ?? false,
            rng: ports.rng,
            timeoutMs: timeoutMs ?? Math.max(0, Date.parse(authentication.expiresAt) - ports.clock.nowMs()) + afterExpiryMs,
            signal: waitSignal,
          });
          unwatch?.();
          return directory.check((network) => toResult(ended.authentication, { network, verifyToken, reason: ended.reason }), waitSignal);
        },
        async cancel({ signal: cancelSignal } = {}) {
          await post(`${path}/cancel`, {}, cancelSignal);
        },
      };
    },
    verifyToken,
    network: (signal) => directory.info(signal),
    getLogProof: (entryHash, proofOptions = {}) => fetchLogProof(rest, entryHash, proofOptions, () => ports.clock.nowMs()),
    async verifyProof(proof, entryHash) {
      logVerifierKey ??= (await directory.info()).log.verifierKey;
      return verifyProof(proof, logVerifierKey, entryHash);
    },
    close() {
      channel?.close();
      channel = undefined;
    },
  };
}

import { PALM_ENCODER } from '@boop/biometric';
import { type AuthenticationContext, livenessLevelOf, sessionIdOf, type SigningKey } from '@boop/identity';
import { type AuthenticationReason, type CaptureFailure, type NetworkInfo, type PvsClientMessage, type PvsConfiguration, type PvsServerMessage, pvsServerMessage } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';
import { ChannelClient } from '../channel/channel-client.ts';
import { channelUrl } from '../channel/connection.ts';
import { fetchManifests } from '../network/fetch-manifests.ts';
import { createNetworkGuard, type NetworkPin } from '../network/network-pin.ts';
import { type SdkPorts, systemPorts } from '../ports.ts';
import { judgeConfiguration } from './configuration.ts';
import { OpenRequests } from './open-requests.ts';
import { prepareProbe, type TerminalLiveness } from './prepare-probe.ts';

export interface TerminalOptions {
  readonly bridgeUrl: string;
  readonly terminalKey: string;
  /** The terminal's registered signing key. */
  readonly device: SigningKey;
  /** Without it contexts that ask for a liveness check can't be served here. */
  readonly liveness?: TerminalLiveness;
  readonly pin?: NetworkPin;
  /** Called once when the channel is over for good, for example because the key was withdrawn. */
  readonly onEnd?: (error: BoopError) => void;
  readonly ports?: Partial<SdkPorts>;
}

export interface TerminalResult {
  readonly contextId: string;
  readonly accepted: boolean;
  readonly reason: AuthenticationReason;
  readonly retryAllowed: boolean;
}

export interface TerminalClient {
  /** Resolves when the channel is up. @throws BoopError `request.unauthenticated`, `connection.lost`, `wait.timeout` */
  connect(options?: { signal?: AbortSignal; timeoutMs?: number }): Promise<void>;
  /** Called for each context that names this terminal, once, also for those that still wait. @returns unsubscribes */
  onRequest(listener: (context: AuthenticationContext) => void): () => void;
  /**
   * Presents a capture and waits for the decision. A capture that the terminal's liveness check takes for an attack ends the context as `liveness`.
   * @param capture BMP or PNG of a 128×128 region of interest
   * @throws CaptureQualityError and BoopError `capture.*`: the context stays open, capture again
   * @throws BoopError `mpc.aborted`, `mpc.nodes-unavailable`: undecided, capture again while the context lives
   * @throws BoopError `context.*`, `split.*`, `network.mismatch`; `liveness.missing` where the context asks for a check that this terminal doesn't have
   */
  present(context: AuthenticationContext, capture: Uint8Array, options?: { signal?: AbortSignal }): Promise<TerminalResult>;
  /** Ends a context that this terminal can't serve. */
  captureFailed(context: AuthenticationContext, reason: CaptureFailure, options?: { signal?: AbortSignal }): Promise<TerminalResult>;
  /** Captures that were sealed anew because the network had gone on to another epoch. */
  readonly retries: number;
  /** The configuration that was applied last. */
  readonly configuration: PvsConfiguration | undefined;
  close(): void;
}

/** What the decision may take beyond the context's expiry: a probe that came in time is still decided. */
const afterExpiryMs = 14_000;

/** Client of a scanner: stays connected, hears of contexts, presents captures. */
export function createTerminalClient(options: TerminalOptions): TerminalClient {
  const ports = systemPorts(options.ports);
  const guard = createNetworkGuard(options.pin, fetchManifests(ports));
  const requests = new OpenRequests(ports.clock);
  let network: NetworkInfo | undefined;
  let configuration: PvsConfiguration | undefined;
  let retries = 0;

  const channel = new ChannelClient<PvsClientMessage, PvsServerMessage>(
    {
      url: channelUrl(options.bridgeUrl, 'pvs'),
      schema: pvsServerMessage,
      hello: (resume) => ({ type: 'pvs_hello', terminalKey: options.terminalKey, encoder: PALM_ENCODER, ...(resume ? { resume } : {}) }),
      welcomeType: 'pvs_hello_response',
      failuresMax: Infinity,
      onWelcome: (welcome) => {
        if (welcome.type === 'pvs_hello_response') network = welcome.network;
      },
      onMessage: (message) => {
        if (message.type === 'authentication_requested') requests.add(message.context);
        if (message.type === 'authentication_ended') requests.remove(message.contextId);
        if (message.type === 'configuration') configure(message.configuration);
      },
      ...(options.onEnd ? { onEnd: options.onEnd } : {}),
    },
    ports,
  );

  const configure = (offered: PvsConfiguration): void => {
    const verdict = judgeConfiguration(offered, configuration);
    if (verdict.apply) configuration = offered;
    channel.tell(verdict.apply ? { type: 'configuration_applied', version: offered.version } : { type: 'configuration_rejected', version: offered.version, code: verdict.code });
  };

  const submit = (context: AuthenticationContext, message: PvsClientMessage, signal: AbortSignal | undefined): Promise<TerminalResult> =>
    channel.request(message, (received) => resultIn(received, context.contextId), { signal, timeoutMs: context.expiresAt * 1000 - ports.clock.nowMs() + afterExpiryMs });

  const captureFailed = (context: AuthenticationContext, reason: CaptureFailure, signal: AbortSignal | undefined): Promise<TerminalResult> =>
    submit(context, { type: 'capture_failed', contextId: context.contextId, reason }, signal);

  const presentOnce = async (context: AuthenticationContext, capture: Uint8Array, signal: AbortSignal | undefined): Promise<TerminalResult> => {
    const checked = await guard(network!);
    const nowMs = ports.clock.nowMs();
    checkContext(context, checked, nowMs);
    if (livenessLevelOf(context) > 0 && !options.liveness) throw new BoopError('liveness.missing', 'the context asks for a liveness check that this terminal does not have');
    const qualityMin = configuration?.document.sampleQualityMin;
    const split = await prepareProbe({ capture, sessionId: sessionIdOf(context), network: checked, device: options.device, qualityMin, liveness: options.liveness }, { rng: ports.rng, nowMs });
    return await submit(context, { type: 'probe', contextId: context.contextId, probe: { split } }, signal);
  };

  return {
    connect: async (connectOptions = {}) => void (await channel.ready({ timeoutMs: 10_000, ...connectOptions })),
    onRequest: (listener) => requests.subscribe(listener),
    async present(context, capture, { signal } = {}) {
      await channel.ready({ signal, timeoutMs: 10_000 });
      try {
        return await presentOnce(context, capture, signal);
      } catch (error) {
        if (!isBoopError(error)) throw error;
        if (error.code === 'liveness.attack') return await captureFailed(context, 'liveness', signal);
        if (error.code !== 'share.wrong-epoch') throw error;
        // The network has gone on to another epoch since the last welcome; the next one tells its members and keys.
        retries += 1;
        channel.reconnect();
        await channel.ready({ signal, timeoutMs: 10_000 });
        return await presentOnce(context, capture, signal);
      }
    },
    captureFailed: (context, reason, { signal } = {}) => captureFailed(context, reason, signal),
    get retries() {
      return retries;
    },
    get configuration() {
      return configuration;
    },
    close: () => channel.close(),
  };
}

function resultIn(message: PvsServerMessage, contextId: string): TerminalResult | undefined {
  if (message.type !== 'authentication_ended' || message.contextId !== contextId) return undefined;
  const { reason, retryAllowed } = message;
  return { contextId, accepted: reason === 'ok', reason, retryAllowed };
}

function checkContext(context: AuthenticationContext, network: NetworkInfo, nowMs: number): void {
  if (context.networkId !== network.networkId) throw new BoopError('context.invalid', 'the context is for another network');
  if (context.expiresAt * 1000 <= nowMs) throw new BoopError('context.expired', 'the context has expired');
  const point = network.operatingPoints.find(({ id }) => id === context.policy.operatingPoint);
  if (point?.encoder !== PALM_ENCODER) throw new BoopError('template.unknown-encoder', 'the context asks for an encoder that this terminal does not have');
}

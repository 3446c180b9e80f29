import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Position, SigningKey } from '@boop/identity';
import { type CreateAuthentication, type NetworkInfo, type NodeStatus, type Problem, type RegistrationReceipt } from '@boop/protocol';
import { type AuthenticationHandle, type AuthenticationResult, createRegistrationClient, createTerminalClient, createVendorClient, type NetworkPin, pinOf, presentByRest, systemRng, type TerminalClient, type VendorClient } from '@boop/sdk';
import { fromBase64Url, isBoopError } from '@boop/shared';
import { type RunningNetwork } from './network-harness.ts';

/** Nodes were late: a person would begin again. */
const triesMax = 3;
const pauseMs = 1_000;

/** A vendor with a terminal, and a kiosk for registrations, all by the SDK. */
export class Shop {
  readonly gatewayUrl: string;
  readonly bridgeUrl: string;
  readonly pin: NetworkPin;
  readonly device: SigningKey;
  readonly terminalId: string;
  readonly terminalKey: string;
  readonly apiKey: string;
  readonly vendorId: string;
  readonly vendor: VendorClient;
  #terminal: TerminalClient | undefined;

  constructor(network: Pick<RunningNetwork, 'credentials' | 'gatewayUrl' | 'bridgeUrl' | 'manifest'>) {
    const { vendor, terminal } = network.credentials;
    this.gatewayUrl = network.gatewayUrl;
    this.bridgeUrl = network.bridgeUrl;
    this.pin = pinOf(network.manifest);
    this.device = SigningKey.fromSecret(fromBase64Url(terminal.deviceSecret));
    this.terminalId = terminal.id;
    this.terminalKey = terminal.key;
    this.apiKey = vendor.apiKey;
    this.vendorId = vendor.id;
    this.vendor = createVendorClient({ gatewayUrl: this.gatewayUrl, apiKey: vendor.apiKey, vendorId: vendor.id, pin: this.pin });
  }

  async info(): Promise<NetworkInfo> {
    return (await (await fetch(`${this.gatewayUrl}/v1/network`)).json()) as NetworkInfo;
  }

  /** A person registers palms and agrees to everything. @throws BoopError as the SDK does */
  async register(positions: { readonly [position in Position]?: readonly Uint8Array[] }): Promise<RegistrationReceipt> {
    const client = createRegistrationClient({ bridgeUrl: this.bridgeUrl, pin: this.pin });
    return await patiently(() => client.register({ accountKey: SigningKey.generate(systemRng), positions, onConsent: () => Promise.resolve(true) }));
  }

  /** The same by a link of the vendor's, opened without a channel. */
  async registerByRest(positions: { readonly [position in Position]?: readonly Uint8Array[] }): Promise<RegistrationReceipt> {
    const { gatewayUrl, apiKey, pin } = this;
    return await patiently(async () => {
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() };
      const response = await fetch(`${gatewayUrl}/v1/registrations`, { method: 'POST', headers, body: JSON.stringify({ positions: Object.keys(positions) }) });
      const { link } = (await response.json()) as { link: string };
      return await createRegistrationClient({ gatewayUrl, pin }).register({ accountKey: SigningKey.generate(systemRng), positions, link, onConsent: () => Promise.resolve(true) });
    });
  }

  /** Opens a context and presents a capture to it, both by REST. */
  async authenticate(capture: Uint8Array, request: Partial<CreateAuthentication> = {}): Promise<AuthenticationResult> {
    return await patiently(async () => {
      const authentication = await this.open(request);
      await this.present(authentication, capture);
      return await authentication.waitForResult();
    }, this.#isLate);
  }

  async open(request: Partial<CreateAuthentication> = {}): Promise<AuthenticationHandle> {
    return await this.vendor.createAuthentication({ type: 'access', ...request });
  }

  /** Once: see {@link patiently}. */
  async present({ authentication }: Pick<AuthenticationHandle, 'authentication'>, capture: Uint8Array): Promise<void> {
    const { gatewayUrl, terminalKey, device, pin } = this;
    await presentByRest({ gatewayUrl, terminalKey, device, authentication, capture, pin });
  }

  /** The same over `/ws/pvs`: the terminal hears of the context by itself. */
  async authenticateByChannel(capture: Uint8Array): Promise<AuthenticationResult> {
    this.#terminal ??= createTerminalClient({ bridgeUrl: this.bridgeUrl, terminalKey: this.terminalKey, device: this.device, pin: this.pin });
    const terminal = this.#terminal;
    await terminal.connect();
    return await patiently(async () => {
      const authentication = await this.open({ terminalId: this.terminalId });
      const broken = new AbortController();
      const presented = new Promise((resolve, reject) => {
        const unsubscribe = terminal.onRequest((context) => {
          if (context.contextId !== authentication.id) return;
          queueMicrotask(() => unsubscribe());
          terminal.present(context, capture).then(resolve, reject);
        });
      });
      const [result] = await Promise.all([authentication.waitForResult({ signal: broken.signal }), presented]).finally(() => broken.abort());
      return result;
    }, this.#isLate);
  }

  /** Whether a match was left unverified though so many nodes are up that every one can be confirmed. */
  readonly #isLate = async (result: AuthenticationResult): Promise<boolean> => {
    if (!isUnverified(result)) return false;
    const [{ threshold }, response] = await Promise.all([this.info(), fetch(`${this.gatewayUrl}/v1/network/nodes`)]);
    const { nodes } = (await response.json()) as { nodes: NodeStatus[] };
    return nodes.filter(({ ready }) => ready).length > 3 * threshold;
  };

  close(): void {
    this.vendor.close();
    this.#terminal?.close();
  }
}

/**
 * A node that stands still for seconds, as on a busy machine, breaks a run off or leaves a match unverified, though it is up. Whoever tells what the
 * network decides asks again then; what nodes that are really down bring about stays as it is.
 */
export async function patiently<Result>(attempt: () => Promise<Result>, isLate: (result: Result) => Promise<boolean> = () => Promise.resolve(false)): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      const result = await attempt();
      if (tries === triesMax || !(await isLate(result))) return result;
    } catch (error) {
      if (tries === triesMax || !isBoopError(error) || !['mpc.aborted', 'mpc.nodes-unavailable'].includes(error.code)) throw error;
    }
    process.stderr.write('nodes were late: asked again\n');
    await sleep(pauseMs);
  }
}

const isUnverified = (result: AuthenticationResult): boolean => (result.outcome === 'accepted' ? !result.verified : result.outcome === 'rejected' && result.reason === 'unverified');

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Problem & Record<string, unknown>;
}

/** A request as any HTTP client would send it. */
export async function postJson(url: string, key: string, body: unknown, signal: AbortSignal = AbortSignal.timeout(60_000)): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(body), signal });
  return { status: response.status, contentType: response.headers.get('content-type') ?? '', body: (await response.json()) as Answer['body'] };
}

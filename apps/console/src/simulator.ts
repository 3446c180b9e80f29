import { type IdTokenClaims, SigningKey } from '@boop/identity';
import { fromBase64Url } from '@boop/shared';
import { createTerminalClient, createVendorClient, presentByRest } from '@boop/sdk';
import type { Addresses } from './settings.ts';

interface Credentials {
  readonly vendor: { readonly id: string; readonly apiKey: string };
  readonly terminal: { readonly id: string; readonly key: string; readonly deviceSecret: string };
}

/** @throws Error with a sentence for whoever typed something else */
export function parseCredentials(text: string): Credentials {
  try {
    const { vendor, terminal } = JSON.parse(text) as Credentials;
    if ([vendor.id, vendor.apiKey, terminal.id, terminal.key, terminal.deviceSecret].every((value) => typeof value === 'string')) return { vendor, terminal };
  } catch {
    // Said below.
  }
  throw new Error('This is not the content of dev-credentials.json: open the file and copy all of it.');
}

export interface SimulatorResult {
  readonly accepted: boolean;
  readonly reason: string;
  readonly milliseconds: number;
  /** Claims of the token, verified from the published JWKS as any vendor would. */
  readonly claims?: IdTokenClaims;
}

/** Plays vendor and scanner: opens a context for the terminal, presents the capture, waits as the vendor waits. */
export async function presentAtSimulator(addresses: Addresses, credentials: Credentials, capture: Uint8Array): Promise<SimulatorResult> {
  const { vendor, terminal } = credentials;
  const vendorClient = createVendorClient({ gatewayUrl: addresses.gateway, bridgeUrl: addresses.bridge, apiKey: vendor.apiKey, vendorId: vendor.id });
  const scanner = createTerminalClient({ bridgeUrl: addresses.bridge, terminalKey: terminal.key, device: SigningKey.fromSecret(fromBase64Url(terminal.deviceSecret)) });
  try {
    await scanner.connect();
    const handle = await vendorClient.createAuthentication({ type: 'access', terminalId: terminal.id });
    const context = await new Promise<Parameters<typeof scanner.present>[0]>((resolve) => {
      const unsubscribe = scanner.onRequest((asked) => {
        if (asked.contextId !== handle.id) return;
        queueMicrotask(() => unsubscribe());
        resolve(asked);
      });
    });
    const started = performance.now();
    const [result] = await Promise.all([handle.waitForResult(), scanner.present(context, capture)]);
    const milliseconds = performance.now() - started;
    if (result.outcome === 'accepted') return { accepted: true, reason: 'ok', milliseconds, claims: result.claims };
    return { accepted: false, reason: result.outcome === 'rejected' ? (result.reason ?? 'unknown') : result.outcome, milliseconds };
  } finally {
    scanner.close();
    vendorClient.close();
  }
}

/** Plays a scanner that has read the code on somebody's screen: answers that context, and learns no more than whether the palm was accepted. */
export async function answerAtSimulator(addresses: Addresses, { terminal }: Credentials, contextId: string, capture: Uint8Array): Promise<SimulatorResult> {
  const asked = await fetch(`${addresses.gateway}/v1/authentications/${encodeURIComponent(contextId)}`, { headers: { authorization: `Bearer ${terminal.key}` } });
  const authentication = (await asked.json()) as Parameters<typeof presentByRest>[0]['authentication'] & { readonly detail?: string };
  if (!asked.ok) throw new Error(authentication.detail ?? 'The gateway does not know this code.');
  const started = performance.now();
  const { status, outcome } = await presentByRest({ gatewayUrl: addresses.gateway, terminalKey: terminal.key, device: SigningKey.fromSecret(fromBase64Url(terminal.deviceSecret)), authentication, capture });
  return { accepted: status === 'succeeded', reason: outcome?.reason ?? 'unknown', milliseconds: performance.now() - started };
}

import { type Clock, type Rng } from '@boop/shared';

/** What the SDK uses of a WebSocket: the browser's interface, which Node 24 has too. */
export interface Socket {
  send(data: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
}

/** The world as the SDK sees it; every client takes a partial replacement. */
export interface SdkPorts {
  readonly fetch: typeof fetch;
  readonly openSocket: (url: string, protocol: string) => Socket;
  readonly clock: Clock;
  /** Randomness of the sharing polynomials and identifiers. HPKE draws its ephemeral keys from WebCrypto itself. */
  readonly rng: Rng;
}

/** `getRandomValues` refuses more at once (W3C Web Cryptography API, section 10.1.1). */
const randomBytesMax = 65_536;

/** The platform's generator. */
export const systemRng: Rng = {
  bytes(count) {
    const out = new Uint8Array(count);
    for (let at = 0; at < count; at += randomBytesMax) crypto.getRandomValues(out.subarray(at, at + randomBytesMax));
    return out;
  },
};

export const systemPorts = (replaced: Partial<SdkPorts> = {}): SdkPorts => ({
  // Called through the global object: browsers refuse a detached fetch.
  fetch: (...input) => fetch(...input),
  openSocket: (url, protocol) => new WebSocket(url, protocol),
  clock: { nowMs: () => Date.now() },
  rng: systemRng,
  ...replaced,
});

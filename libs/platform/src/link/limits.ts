/** Bounds of one link; every queue and every wait has one. */
export interface LinkLimits {
  /** Requests that wait for an answer. */
  readonly requestsInFlightMax: number;
  /** Requests of the peer that are being answered at the same time. */
  readonly requestsServedMax: number;
  /** Bytes that the peer has not read yet; beyond it the link closes, as a slow peer must not fill our memory. */
  readonly unsentBytesMax: number;
  readonly helloTimeoutMs: number;
  readonly pingIntervalMs: number;
  /** A peer that sends nothing for so long, not even pings, is taken for dead. */
  readonly silenceMaxMs: number;
  readonly closeTimeoutMs: number;
}

export const LINK_LIMITS: LinkLimits = {
  requestsInFlightMax: 1024,
  requestsServedMax: 256,
  unsentBytesMax: 64 * 1024 * 1024,
  helloTimeoutMs: 5_000,
  pingIntervalMs: 3_000,
  silenceMaxMs: 12_000,
  closeTimeoutMs: 1_000,
};

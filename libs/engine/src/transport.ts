import { type BoopError, type PartyId } from '@boop/shared';

/** Where the messages of one run go; see {@link Transport.route}. */
export interface MessageRoute {
  readonly peers: readonly PartyId[];
  readonly timeoutMs: number;
  /** The payload may be kept, and its memory freed, by whoever gets it. */
  deliver(from: PartyId, payload: Uint8Array): void;
  fail(error: BoopError): void;
}

/**
 * Port: authenticated, ordered, confidential channels to the other nodes, and the messages that come in over them.
 * Contract: at most once; a message to a dead node is dropped; messages that come before their run is routed wait, within bounds.
 */
export interface Transport {
  /** @param released called once when the payload's memory is no longer read; it must stay as it is until then */
  send(to: PartyId, runId: Uint8Array, payload: Uint8Array, released: () => void): void;
  /** Takes over the messages of a run until the returned function is called. @throws BoopError when the run id was used or there are too many */
  route(runId: Uint8Array, route: MessageRoute): () => void;
}

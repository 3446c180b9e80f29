import { type PartyId } from '@boop/shared';
import { type PeerAnswer, type PeerBody, type PeerMethod } from './peer-methods.ts';

/**
 * The nodes of the network as one of them sees them.
 * Contract: a request to `self` is served here; every request is bounded in time; errors are BoopErrors, of kind unavailable at
 * once when the peer isn't connected, of kind peer when its answer has the wrong form; session messages to a dead peer are dropped.
 */
export interface Peers {
  readonly self: PartyId;
  /** Nodes that can be reached now, this one included, ascending. */
  live(): PartyId[];
  /** An upper bound of the round trip to the slowest of these, from the fastest answer that each has given; 0 where none has. */
  roundTripMs(parties: readonly PartyId[]): number;
  /** 16 bytes, fresh at every start of that node's process. */
  bootIdOf(party: PartyId): Uint8Array | undefined;
  request<M extends PeerMethod>(to: PartyId, method: M, body: PeerBody<M>, timeoutMs: number): Promise<PeerAnswer<M>>;
  /** @param released called once the payload's memory is no longer read, by those that don't copy it; it must stay as it is until then */
  sendSession(to: PartyId, runId: Uint8Array, payload: Uint8Array, released?: () => void): void;
}

/** Serves one method of the table; `from` is the authenticated peer. */
export type PeerHandlers = { readonly [M in PeerMethod]: (from: PartyId, body: PeerBody<M>) => Promise<PeerAnswer<M>> };

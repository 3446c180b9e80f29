export interface StreamPosition {
  readonly epoch: string;
  /** Offset of the last event. */
  readonly last: number;
}

export interface StoredEvent {
  readonly offset: number;
  readonly payload: Readonly<Record<string, unknown>> & { readonly type: string };
}

/**
 * Reads the channels' events; two adapters: the gateway's database, and Redis streams copied from it. Contract: offsets of a stream count up by one, and an event becomes visible only after all before
 * it; history is bounded, so the oldest may be gone.
 */
export interface EventReader {
  position(stream: string): Promise<StreamPosition | undefined>;
  /** Events with offsets above `offset`, in order, at most `limit`, and the stream's epoch now. */
  after(stream: string, offset: number, limit: number): Promise<{ epoch: string | undefined; events: StoredEvent[] }>;
  /** Whether all events above `offset` are still there; false where the stream has not come so far. Is never behind, as `position` and `after` may be. */
  isComplete(stream: string, offset: number): Promise<boolean>;
}

/** Where a client stands in a channel's event stream. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** Follows a stream across connections: what to resume from, which events are repeats, and whether any were lost. */
export interface StreamPosition {
  /** What to send as `resume`; undefined before the first welcome. */
  readonly current: Position | undefined;
  /** Takes a hello response; true when events were lost since `current`. */
  welcome(hello: Position & { readonly recovered: boolean }): boolean;
  /** Takes an event; false when it was seen before (delivery is at least once). */
  accept(event: Position): boolean;
}

export function createStreamPosition(): StreamPosition {
  let current: Position | undefined;
  return {
    get current() {
      return current;
    },
    welcome(hello) {
      // Recovered: the missed events follow. So they do when the server starts at or before where we stand: repeats are
      // dropped by offset. Otherwise the stream starts for us where it stands now.
      if (current && hello.epoch === current.epoch && (hello.recovered || hello.offset <= current.offset)) return false;
      const lost = current !== undefined;
      current = { epoch: hello.epoch, offset: hello.offset };
      return lost;
    },
    accept({ epoch, offset }) {
      if (current && current.epoch === epoch && offset <= current.offset) return false;
      current = { epoch, offset };
      return true;
    },
  };
}

import { BoopError } from './errors.ts';
import type { PartyId } from './ids.ts';

export interface Outgoing {
  readonly to: PartyId;
  readonly payload: Uint8Array;
}

export type Step<Output> =
  | { readonly kind: 'continue'; readonly send: readonly Outgoing[] }
  | { readonly kind: 'done'; readonly send: readonly Outgoing[]; readonly output: Output }
  | { readonly kind: 'abort'; readonly send: readonly Outgoing[]; readonly code: string; readonly blame: readonly PartyId[] };

/**
 * One party's side of a protocol run. Nothing awaits inside: an adapter pumps messages, so the same machine runs in
 * the simulator and over mTLS. After `done` or `abort` the machine takes no more messages.
 */
export interface ProtocolMachine<Output> {
  start(): Step<Output>;
  onMessage(from: PartyId, payload: Uint8Array): Step<Output>;
}

/** One communication round: what goes out, and from whom exactly one message each must come in. */
export interface Round {
  readonly send: readonly Outgoing[];
  readonly receiveFrom: readonly PartyId[];
}

/** A protocol written as its sequence of rounds; each `yield` returns the messages of that round by sender. */
export type RoundProtocol<Output> = Generator<Round, Output, ReadonlyMap<PartyId, Uint8Array>>;

/** Thrown inside a round protocol to abort the run and name who broke it (empty when nobody can be named). */
export class ProtocolAbort extends BoopError {
  readonly blame: readonly PartyId[];
  constructor(code: string, message: string, blame: readonly PartyId[] = []) {
    super(code, message, { kind: 'peer' });
    this.name = 'ProtocolAbort';
    this.blame = blame;
  }
}

/**
 * How far ahead of us a peer may be before we call it a fault, in rounds. Where messages go around a ring of 2t + 1 an honest peer may be 2t
 * ahead (t ≤ 3), and one more after a round in which it only sends.
 */
const ROUNDS_AHEAD_MAX = 7;

/**
 * Turns a round protocol into a machine. Every payload carries its round number (big-endian u16), so early messages of
 * the next rounds wait, and a repeated, late or far-ahead one aborts with the sender named.
 * @param create called once, at `start`
 */
export function roundMachine<Output>(create: () => RoundProtocol<Output>): ProtocolMachine<Output> {
  let protocol: RoundProtocol<Output> | undefined;
  let round = -1;
  let expected: readonly PartyId[] = [];
  let ended = false;
  const inbox = new Map<number, Map<PartyId, Uint8Array>>();

  const abort = (code: string, blame: readonly PartyId[], send: readonly Outgoing[] = []): Step<Output> => {
    ended = true;
    inbox.clear();
    // Runs the protocol's `finally` blocks, which wipe its secrets.
    protocol?.return(undefined as never);
    return { kind: 'abort', send, code, blame };
  };

  const advance = (): Step<Output> => {
    const sending: Outgoing[] = [];
    try {
      for (;;) {
        const arrived = round < 0 ? undefined : inbox.get(round);
        if (round >= 0 && !expected.every((party) => arrived?.has(party))) return { kind: 'continue', send: sending };
        inbox.delete(round);
        const step: IteratorResult<Round, Output> = protocol!.next(arrived ?? new Map());
        if (step.done) {
          ended = true;
          return { kind: 'done', send: sending, output: step.value };
        }
        round += 1;
        expected = step.value.receiveFrom;
        for (const out of step.value.send) sending.push({ to: out.to, payload: withRound(round, out.payload) });
        for (const party of inbox.get(round)?.keys() ?? []) if (!expected.includes(party)) return abort('protocol.unexpected-sender', [party], sending);
      }
    } catch (error) {
      if (error instanceof ProtocolAbort) return abort(error.code, error.blame, sending);
      throw error;
    }
  };

  return {
    start() {
      if (protocol) throw new BoopError('protocol.started-twice', 'a machine starts once', { kind: 'fatal' });
      protocol = create();
      return advance();
    },
    onMessage(from, payload) {
      if (ended) return { kind: 'continue', send: [] };
      if (!protocol) throw new BoopError('protocol.not-started', 'message before start', { kind: 'fatal' });
      if (payload.length < 2) return abort('protocol.malformed', [from]);
      const of = (payload[0]! << 8) | payload[1]!;
      if (of < round || of > round + ROUNDS_AHEAD_MAX) return abort('protocol.wrong-round', [from]);
      if (of === round && !expected.includes(from)) return abort('protocol.unexpected-sender', [from]);
      const messages = inbox.get(of) ?? new Map<PartyId, Uint8Array>();
      if (messages.has(from)) return abort('protocol.repeated-message', [from]);
      messages.set(from, payload.subarray(2));
      inbox.set(of, messages);
      return of === round ? advance() : { kind: 'continue', send: [] };
    },
  };
}

function withRound(round: number, payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(payload.length + 2);
  out[0] = round >> 8;
  out[1] = round & 255;
  out.set(payload, 2);
  return out;
}

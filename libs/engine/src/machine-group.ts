import { type PartyId, type ProtocolMachine, type Step } from '@boop/shared';

/** What a group of machines says to the outside. */
export interface GroupEvents<Output> {
  /** The payload's memory is the receiver's from here on. */
  send(machine: number, to: PartyId, payload: Uint8Array): void;
  done(outputs: readonly Output[]): void;
  /** A machine aborted or threw; the group takes no more messages. */
  failed(failure: Failure): void;
}

export interface Failure {
  readonly code: string;
  /** Parties that broke the protocol; empty when the fault is our own or nobody's. */
  readonly blame: readonly PartyId[];
  /** `aborted` by the protocol, or `broken` by a fault of this process. */
  readonly kind: 'aborted' | 'broken';
}

/** ES2024. */
type Transferable = ArrayBufferLike & { transfer(byteLength: number): ArrayBuffer };

const roundOf = (payload: Uint8Array): number => (payload[0]! << 8) | payload[1]!;

/** The machines of one task side by side. */
export class MachineGroup<Output> {
  readonly #machines: readonly ProtocolMachine<Output>[];
  readonly #events: GroupEvents<Output>;
  readonly #outputs: (Output | undefined)[];
  readonly #received: Map<number, Uint8Array[]>[];
  readonly #frees: boolean;
  #open: number;
  #ended = false;

  /**
   * @param frees whether received messages are freed as soon as their round is over, for protocols that keep none: left to the
   * collector, messages of large blocks are most of its work
   */
  constructor(machines: readonly ProtocolMachine<Output>[], events: GroupEvents<Output>, frees: boolean) {
    this.#machines = machines;
    this.#events = events;
    this.#frees = frees;
    this.#outputs = machines.map(() => undefined);
    this.#received = machines.map(() => new Map());
    this.#open = machines.length;
  }

  start(): void {
    this.#machines.forEach((machine, at) => this.#pump(at, () => machine.start()));
    if (this.#open === 0) this.#finish();
  }

  deliver(at: number, from: PartyId, payload: Uint8Array): void {
    const machine = this.#machines[at];
    if (this.#ended || !machine) return;
    if (this.#frees && payload.length >= 2) {
      const round = roundOf(payload);
      this.#received[at]!.set(round, [...(this.#received[at]!.get(round) ?? []), payload]);
    }
    this.#pump(at, () => machine.onMessage(from, payload));
  }

  /** Takes no more messages and reports nothing. */
  cancel(): void {
    this.#ended = true;
  }

  #pump(at: number, next: () => Step<Output>): void {
    if (this.#ended) return;
    let step: Step<Output>;
    try {
      step = next();
    } catch (error) {
      return this.#fail({ code: codeOf(error), blame: [], kind: 'broken' });
    }
    for (const { to, payload } of step.send) this.#events.send(at, to, payload);
    if (step.kind === 'abort') return this.#fail({ code: step.code, blame: step.blame, kind: 'aborted' });
    const last = step.send.at(-1);
    this.#free(at, step.kind === 'done' ? Infinity : last ? roundOf(last.payload) : -1);
    if (step.kind !== 'done') return;
    this.#outputs[at] = step.output;
    this.#open -= 1;
    if (this.#open === 0) this.#finish();
  }

  /** What came in before this round has been read. */
  #free(at: number, before: number): void {
    const received = this.#received[at]!;
    for (const [round, payloads] of received) {
      if (round >= before) continue;
      received.delete(round);
      for (const { buffer } of payloads) if (buffer instanceof ArrayBuffer) (buffer as unknown as Transferable).transfer(0);
    }
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.done(this.#outputs as Output[]);
  }

  #fail(failure: Failure): void {
    this.#ended = true;
    this.#events.failed(failure);
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'engine.broken');

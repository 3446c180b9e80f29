import { type PartyId, type ProtocolMachine, type Step } from '@boop/shared';
import { freeing } from './freeing-machine.ts';

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

/** The machines of one task side by side. */
export class MachineGroup<Output> {
  readonly #machines: readonly ProtocolMachine<Output>[];
  readonly #events: GroupEvents<Output>;
  readonly #outputs: (Output | undefined)[];
  #open: number;
  #ended = false;

  /**
   * @param frees whether received messages are freed as soon as their round is over; see `freeing`
   */
  constructor(machines: readonly ProtocolMachine<Output>[], events: GroupEvents<Output>, frees: boolean) {
    this.#machines = frees ? machines.map(freeing) : machines;
    this.#events = events;
    this.#outputs = machines.map(() => undefined);
    this.#open = machines.length;
  }

  start(): void {
    this.#machines.forEach((machine, at) => this.#pump(at, () => machine.start()));
    if (this.#open === 0) this.#finish();
  }

  deliver(at: number, from: PartyId, payload: Uint8Array): void {
    const machine = this.#machines[at];
    if (this.#ended || !machine) return;
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
    if (step.kind !== 'done') return;
    this.#outputs[at] = step.output;
    this.#open -= 1;
    if (this.#open === 0) this.#finish();
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

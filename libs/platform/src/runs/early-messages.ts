import { type PartyId } from '@boop/shared';

export interface EarlyMessage {
  readonly from: PartyId;
  readonly payload: Uint8Array;
}

export interface EarlyLimits {
  /** Per sender, so that one faulty peer can't crowd out the others. */
  readonly messagesMax: number;
  readonly bytesMax: number;
  readonly ageMaxMs: number;
}

interface Held extends EarlyMessage {
  readonly runKey: string;
  readonly arrivedAtMs: number;
}

/**
 * Messages of runs that haven't started here yet. A sender's oldest ones go first when it exceeds its share; expired ones go whenever
 * anything is added or taken.
 */
export class EarlyMessages {
  readonly #limits: EarlyLimits;
  readonly #nowMs: () => number;
  readonly #bySender = new Map<PartyId, { held: Held[]; bytes: number }>();

  constructor(limits: EarlyLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  add(from: PartyId, runKey: string, payload: Uint8Array): void {
    const box = this.#bySender.get(from) ?? { held: [], bytes: 0 };
    this.#bySender.set(from, box);
    box.held.push({ from, runKey, payload, arrivedAtMs: this.#nowMs() });
    box.bytes += payload.length;
    this.#expire(box);
    while (box.held.length > this.#limits.messagesMax || box.bytes > this.#limits.bytesMax) box.bytes -= box.held.shift()!.payload.length;
  }

  /** Removes and returns what came for this run, in order of arrival per sender. */
  take(runKey: string): EarlyMessage[] {
    const taken: EarlyMessage[] = [];
    for (const box of this.#bySender.values()) {
      this.#expire(box);
      const mine = box.held.filter((message) => message.runKey === runKey);
      if (mine.length === 0) continue;
      box.held = box.held.filter((message) => message.runKey !== runKey);
      box.bytes = box.held.reduce((bytes, message) => bytes + message.payload.length, 0);
      taken.push(...mine);
    }
    return taken;
  }

  /** A peer that went away lost its runs. */
  dropSender(from: PartyId): void {
    this.#bySender.delete(from);
  }

  get count(): number {
    return [...this.#bySender.values()].reduce((count, box) => count + box.held.length, 0);
  }

  #expire(box: { held: Held[]; bytes: number }): void {
    const before = this.#nowMs() - this.#limits.ageMaxMs;
    while (box.held.length > 0 && box.held[0]!.arrivedAtMs < before) box.bytes -= box.held.shift()!.payload.length;
  }
}

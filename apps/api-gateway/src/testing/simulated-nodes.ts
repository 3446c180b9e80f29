import { seededUint32 } from '@boop/testing';
import { Admission } from '../nodes/admission.ts';

/** One that came: when, for how long it waited, and how long it took in all; refused ones have no end. */
export interface Visit {
  readonly cameMs: number;
  readonly tookMs: number;
  readonly isServed: boolean;
}

/**
 * Nodes that give `capacity` runs all they need and share themselves out among more, with an admission before them, in virtual time: a turn is a
 * millisecond. A run takes `serviceMs`, a fifth more or less.
 */
export class SimulatedNodes {
  nowMs = 0;
  serviceMs: number;
  readonly visits: Visit[] = [];
  readonly admission: Admission;
  readonly #capacity: number;
  readonly #random: () => number;
  #timers: { dueMs: number; run: () => void }[] = [];
  /** Whether anything happened in this turn for which promises have to run. */
  #isEventful = false;
  #running: { leftMs: number; end: () => void }[] = [];

  constructor(options: { capacity: number; serviceMs: number; seed?: number }) {
    this.#capacity = options.capacity;
    this.serviceMs = options.serviceMs;
    const next = seededUint32(options.seed ?? 1);
    this.#random = () => (next() + 1) / 2 ** 32;
    this.admission = new Admission({ nowMs: () => this.nowMs, after: (ms, run) => this.#after(ms, run) });
  }

  /** One person, until it is served or refused. */
  async visit(): Promise<boolean> {
    this.#isEventful = true;
    const cameMs = this.nowMs;
    const isServed = await this.#serve().then(() => true, () => false);
    this.visits.push({ cameMs, tookMs: this.nowMs - cameMs, isServed });
    return isServed;
  }

  /** Persons who come by themselves (a Poisson process), whether or not the last ones are served. */
  async open(perSecond: number, forMs: number): Promise<void> {
    let nextMs = this.nowMs;
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs; await this.#turn()) {
      for (; nextMs <= this.nowMs; nextMs += (-1000 * Math.log(this.#random())) / perSecond) void this.visit();
    }
  }

  /** So many persons who come again as soon as they are served, and a while after they were refused. */
  async closed(persons: number, forMs: number, afterRefusalMs = 1_000): Promise<void> {
    const untilMs = this.nowMs + forMs;
    const person = async (): Promise<void> => {
      while (this.nowMs < untilMs) if (!(await this.visit())) await new Promise<void>((resolve) => this.#after(afterRefusalMs, resolve));
    };
    for (let at = 0; at < persons; at++) void person();
    while (this.nowMs < untilMs) await this.#turn();
  }

  async rest(forMs: number): Promise<void> {
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs; ) await this.#turn();
  }

  async #serve(): Promise<void> {
    const leave = await this.admission.enter();
    try {
      const leftMs = this.serviceMs * (0.8 + 0.4 * this.#random());
      await this.admission.during(async () => await new Promise<void>((resolve) => this.#running.push({ leftMs, end: resolve })), () => 'run');
    } finally {
      leave();
    }
  }

  #after(ms: number, run: () => void): () => void {
    const timer = { dueMs: this.nowMs + ms, run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((each) => each !== timer));
  }

  async #turn(): Promise<void> {
    this.nowMs += 1;
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.nowMs);
    if (due.length > 0) this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
    const pace = Math.min(1, this.#capacity / Math.max(1, this.#running.length));
    for (const run of this.#running) run.leftMs -= pace;
    const done = this.#running.filter(({ leftMs }) => leftMs <= 0);
    if (done.length > 0) this.#running = this.#running.filter(({ leftMs }) => leftMs > 0);
    for (const { end } of done) end();
    if (due.length + done.length > 0) this.#isEventful = true;
    if (!this.#isEventful) return;
    for (let i = 0; i < 12; i++) await Promise.resolve();
    this.#isEventful = false;
  }
}

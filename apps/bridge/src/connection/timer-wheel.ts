/** Something that waits for one moment at a time; the wheel keeps its place in the thing itself. */
export interface Timed {
  /** Tick at which it fires; undefined while it waits for nothing. */
  dueTick: number | undefined;
  onTimer(): void;
}

const slotCount = 512;

/**
 * One timer for any number of waits (Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987, scheme 6): setting and clearing cost O(1),
 * a wait ends up to one tick late.
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #slots = Array.from({ length: slotCount }, () => new Set<Timed>());
  #timer: NodeJS.Timeout | undefined;
  #startedMs = 0;
  #tick = 0;
  #waiting = 0;

  constructor(tickMs: number) {
    this.#tickMs = tickMs;
  }

  /** In place of what it waited for before. */
  set(timed: Timed, delayMs: number): void {
    this.clear(timed);
    // Runs only while somebody waits, so that it keeps no process alive.
    if (this.#timer === undefined) this.#run();
    timed.dueTick = Math.floor((performance.now() - this.#startedMs + delayMs) / this.#tickMs) + 1;
    this.#slotOf(timed.dueTick).add(timed);
    this.#waiting += 1;
  }

  clear(timed: Timed): void {
    if (timed.dueTick === undefined) return;
    this.#slotOf(timed.dueTick).delete(timed);
    timed.dueTick = undefined;
    this.#waiting -= 1;
  }

  #run(): void {
    this.#startedMs = performance.now();
    this.#tick = 0;
    this.#timer = setInterval(() => this.#turn(), this.#tickMs);
  }

  /** Also takes the ticks that a busy process missed. */
  #turn(): void {
    const nowTick = Math.floor((performance.now() - this.#startedMs) / this.#tickMs);
    const from = Math.max(this.#tick + 1, nowTick - slotCount + 1);
    this.#tick = nowTick;
    for (let tick = from; tick <= nowTick; tick++) {
      for (const timed of [...this.#slotOf(tick)]) {
        if (timed.dueTick === undefined || timed.dueTick > nowTick) continue;
        this.clear(timed);
        timed.onTimer();
      }
    }
    if (this.#waiting > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #slotOf(tick: number): Set<Timed> {
    return this.#slots[tick % slotCount]!;
  }
}

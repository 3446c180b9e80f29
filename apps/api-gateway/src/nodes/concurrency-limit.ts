const limitMax = 64;
/** Runs that take this much longer than undisturbed ones wait for each other. */
const toleratedFactor = 1.2;
/** Runs that are judged together, at least: of a limit that is tried, and of one that is known to be right. */
const trialRunsMin = 7;
const steadyRunsMin = 21;
/** Runs that tell what one takes. */
const rememberedMax = 15;
const knownMin = 3;
/** After a higher limit was tried and was too high, none is tried sooner; twice as long each time. */
const holdOffMinMs = 30_000;
/** After a limit that had been right was lowered. */
const regainMs = 5_000;
const holdOffMaxMs = 300_000;
/** How long it may be unknown what a run takes alone. */
const aloneMs = 60_000;
const pinnedRuns = 3;

/** A run under way. */
export interface Run {
  readonly startMs: number;
  /** The limit of which it tells something. */
  readonly trial: number;
  isAlone: boolean;
  isAtLimit: boolean;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

function remember(values: number[], value: number): void {
  values.push(value);
  if (values.length > rememberedMax) values.shift();
}

/**
 * How many runs at once take no longer than one alone, after Vegas and Envoy's adaptive concurrency: what a run takes alone is the median of those that
 * were; while somebody waits and runs at the limit take at most 1.2 times as long, the limit is raised (doubled until the first time that it was too
 * much, then by one), and where they take longer it is lowered at once in that proportion. Runs are compared with runs of their kind, as one that finds
 * nobody is over sooner than one that ends with a token; one that fails tells nothing. Where runs are never alone the limit is one for three of them
 * each minute.
 */
export class ConcurrencyLimit {
  readonly #nowMs: () => number;
  readonly #alone = new Map<string, number[]>();
  readonly #recent: number[] = [];
  readonly #running = new Set<Run>();
  #limit = 1;
  #trial = 0;
  #ratios: number[] = [];
  #isNew = false;
  #hasBeenTooHigh = false;
  #holdOffMs = 0;
  #nextTrialMs = -Infinity;
  #lastAloneMs: number;
  #pinned = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#lastAloneMs = nowMs();
  }

  get value(): number {
    return this.#pinned > 0 ? 1 : this.#limit;
  }

  /** Median of what the last runs took, of any kind; undefined at first. */
  get recentMs(): number | undefined {
    return this.#recent.length === 0 ? undefined : median(this.#recent);
  }

  begin(): Run {
    const isFirst = this.#running.size === 0;
    const run: Run = { startMs: this.#nowMs(), trial: this.#trial, isAlone: isFirst, isAtLimit: false };
    if (!isFirst) for (const other of this.#running) other.isAlone = false;
    this.#running.add(run);
    if (this.#running.size >= this.value) for (const each of this.#running) each.isAtLimit = true;
    return run;
  }

  /** @param kind what took the same work: one of few names; undefined when the run failed @param isWanted whether anybody would use a higher limit */
  end(run: Run, kind: string | undefined, isWanted: boolean): void {
    this.#running.delete(run);
    if (kind === undefined) return;
    const nowMs = this.#nowMs();
    const durationMs = nowMs - run.startMs;
    remember(this.#recent, durationMs);
    const alone = this.#alone.get(kind) ?? [];
    this.#alone.set(kind, alone);
    if (run.isAlone) {
      remember(alone, durationMs);
      this.#lastAloneMs = nowMs;
      if (this.#pinned > 0 && --this.#pinned === 0) this.#begin(this.#limit);
    } else if (this.#limit > 1 && this.#pinned === 0 && nowMs - this.#lastAloneMs > aloneMs) {
      this.#pinned = pinnedRuns;
      this.#begin(this.#limit);
    }
    if (this.#pinned === 0 && run.isAtLimit && run.trial === this.#trial && alone.length >= knownMin) this.#judge(durationMs / median(alone), isWanted);
  }

  #judge(ratio: number, isWanted: boolean): void {
    this.#ratios.push(ratio);
    const needed = this.#isNew || !this.#hasBeenTooHigh ? Math.max(trialRunsMin, this.#limit) : Math.max(steadyRunsMin, 2 * this.#limit);
    const late = this.#ratios.filter((each) => each > toleratedFactor).length;
    if (late > needed / 2) this.#lower();
    else if (this.#ratios.length - late >= needed / 2) this.#keep(isWanted);
  }

  #keep(isWanted: boolean): void {
    if (this.#isNew) this.#holdOffMs = 0;
    this.#isNew = false;
    this.#ratios = [];
    if (!isWanted || this.#nowMs() < this.#nextTrialMs || this.#limit === limitMax) return;
    this.#begin(Math.min(limitMax, this.#hasBeenTooHigh ? this.#limit + 1 : 2 * this.#limit));
    this.#isNew = true;
  }

  #lower(): void {
    this.#hasBeenTooHigh = true;
    if (this.#isNew) this.#holdOffMs = Math.min(holdOffMaxMs, Math.max(holdOffMinMs, 2 * this.#holdOffMs));
    this.#nextTrialMs = this.#nowMs() + (this.#isNew ? this.#holdOffMs : regainMs);
    this.#isNew = false;
    this.#begin(Math.max(1, Math.min(this.#limit - 1, Math.floor((this.#limit * toleratedFactor) / median(this.#ratios)))));
  }

  #begin(limit: number): void {
    this.#limit = limit;
    this.#trial += 1;
    this.#ratios = [];
  }
}

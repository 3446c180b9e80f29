/** Latencies kept for a quantile; beyond that every second one is thrown away. */
const samplesMax = 4_096;

interface Kind {
  asked: number;
  retried: number;
  readonly outcomes: Map<string, number>;
  millis: number[];
}

/** What was done and how it ended, and everything that must never happen. */
export class Journal {
  readonly violations: string[] = [];
  readonly #kinds = new Map<string, Kind>();
  readonly #mischief = new Map<string, number>();
  readonly #startedMs = performance.now();
  readonly #write: (line: string) => void;

  /** @param write takes single lines as things happen */
  constructor(write: (line: string) => void = () => undefined) {
    this.#write = write;
  }

  note(text: string): void {
    this.#write(`${((performance.now() - this.#startedMs) / 1000).toFixed(1).padStart(7)} s  ${text}`);
  }

  /** @param retries how often a person had to try again */
  done(kind: string, outcome: string, retries: number, durationMs: number): void {
    const entry = this.#kind(kind);
    entry.asked += 1;
    entry.retried += retries;
    entry.outcomes.set(outcome, (entry.outcomes.get(outcome) ?? 0) + 1);
    entry.millis.push(durationMs);
    if (entry.millis.length > samplesMax) entry.millis = entry.millis.filter((_, at) => at % 2 === 0);
  }

  mischief(what: string): void {
    this.#mischief.set(what, (this.#mischief.get(what) ?? 0) + 1);
  }

  violation(text: string): void {
    this.violations.push(text);
    this.note(`VIOLATION ${text}`);
  }

  /** Of these kinds. */
  count(kinds: readonly string[], outcome?: string): number {
    return kinds.reduce((sum, kind) => sum + (outcome === undefined ? (this.#kinds.get(kind)?.asked ?? 0) : (this.#kinds.get(kind)?.outcomes.get(outcome) ?? 0)), 0);
  }

  /** Share of operations of these kinds that had to be tried again. */
  retryShare(kinds: readonly string[]): number {
    const asked = this.count(kinds);
    return asked === 0 ? 0 : kinds.reduce((sum, kind) => sum + (this.#kinds.get(kind)?.retried ?? 0), 0) / asked;
  }

  /** Two tables in Markdown. */
  summary(): string {
    const rows = [...this.#kinds].map(([kind, { asked, retried, outcomes, millis }]) => {
      const sorted = millis.toSorted((a, b) => a - b);
      const at = (share: number): string => ((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / 1000).toFixed(2);
      const ends = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`);
      return `| ${kind} | ${asked} | ${retried} | ${at(0.5)} | ${at(0.99)} | ${ends.join(', ')} |`;
    });
    const mischief = [...this.#mischief].sort(([a], [b]) => a.localeCompare(b)).map(([what, count]) => `| ${what} | ${count} |`);
    return ['| operation | asked | tried again | p50 s | p99 s | ends |', '|---|---|---|---|---|---|', ...rows, '', '| mischief | times |', '|---|---|', ...mischief].join('\n');
  }

  #kind(name: string): Kind {
    const kind = this.#kinds.get(name) ?? { asked: 0, retried: 0, outcomes: new Map<string, number>(), millis: [] };
    this.#kinds.set(name, kind);
    return kind;
  }
}

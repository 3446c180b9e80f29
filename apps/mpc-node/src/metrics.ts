import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const seconds = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** What is counted about a node's work: durations and levels, nothing about people. */
export class NodeMetrics {
  readonly #runs: Histogram<'operation'>;
  readonly #stages: Histogram<'session' | 'stage'>;
  readonly #blamed: Counter<'party'>;
  readonly #suspected: Counter<'party'>;
  readonly #rescans: Counter<'found'>;
  readonly #plans: Counter<'back_end' | 'reason'>;
  readonly #searches: Counter<'order' | 'reason'>;
  readonly #outcomes: Histogram<'session' | 'outcome'>;

  constructor(registry: Registry, levels: { rows: () => number; lanes: () => number; live: () => number; sessions: () => number }) {
    const registers = [registry];
    this.#runs = new Histogram({ name: 'boop_node_run_seconds', help: 'Comparison runs joined, by operation', labelNames: ['operation'], buckets: seconds, registers });
    this.#stages = new Histogram({ name: 'boop_node_stage_seconds', help: 'Stages of sessions that this node led', labelNames: ['session', 'stage'], buckets: seconds, registers });
    this.#outcomes = new Histogram({ name: 'boop_node_session_seconds', help: 'Sessions that this node led, by outcome', labelNames: ['session', 'outcome'], buckets: seconds, registers });
    this.#blamed = new Counter({ name: 'boop_mpc_blamed_total', help: 'Sessions in which this node found a node to have lied, by party', labelNames: ['party'], registers });
    this.#suspected = new Counter({ name: 'boop_mpc_suspected_total', help: 'Sessions in which a party may have lied and nobody could be named', labelNames: ['party'], registers });
    this.#plans = new Counter({ name: 'boop_mpc_plan_total', help: 'Comparison runs that this node arranged, by back end and why it was chosen', labelNames: ['back_end', 'reason'], registers });
    this.#searches = new Counter({ name: 'boop_mpc_searches_total', help: 'Searches that this node led, by whether the whole family searched at once, and why', labelNames: ['order', 'reason'], registers });
    this.#rescans = new Counter({ name: 'boop_mpc_rescans_total', help: 'Searches without a match that were repeated by other committees, by what those found', labelNames: ['found'], registers });
    const gauge = (name: string, help: string, level: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(level());
        },
      });
    };
    gauge('boop_node_gallery_rows', 'Committed rows', levels.rows);
    gauge('boop_node_correlation_lanes', 'Correlations in memory, over all committees', levels.lanes);
    gauge('boop_node_live_nodes', 'Nodes that can be reached, this one included', levels.live);
    gauge('boop_node_sessions', 'Sessions that are open', levels.sessions);
  }

  run(operation: string, durationMs: number): void {
    this.#runs.observe({ operation }, durationMs / 1000);
  }

  plan(backEnd: string, reason: string): void {
    this.#plans.inc({ back_end: backEnd, reason });
  }

  blame(named: readonly number[], suspects: readonly number[]): void {
    for (const party of named) this.#blamed.inc({ party });
    if (named.length === 0) for (const party of suspects) this.#suspected.inc({ party });
  }

  search(order: string, reason: string): void {
    this.#searches.inc({ order, reason });
  }

  rescan(found: boolean): void {
    this.#rescans.inc({ found: String(found) });
  }

  /** What the stored evidence says of earlier processes. */
  restore(named: ReadonlyMap<number, number>): void {
    for (const [party, times] of named) this.#blamed.inc({ party }, times);
  }

  session(session: 'authentication' | 'registration', outcome: string, stages: Readonly<Record<string, number>>): void {
    for (const [stage, durationMs] of Object.entries(stages)) {
      if (stage === 'total') this.#outcomes.observe({ session, outcome }, durationMs / 1000);
      else this.#stages.observe({ session, stage }, durationMs / 1000);
    }
  }
}

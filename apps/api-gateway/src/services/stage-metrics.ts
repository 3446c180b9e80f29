import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 10];

/** Metrics per route and per stage of the nodes' computation. */
export interface StageMetrics {
  observe(operation: string, outcome: string, durationMs: number, stages: Readonly<Record<string, number>>): void;
}

export interface GatewayMetrics extends StageMetrics {
  observeHttp(method: string, route: string, status: number, seconds: number): void;
}

/** Stage names come from the nodes; a bound keeps a faulty one from filling the registry. */
const stageName = /^[a-zA-Z][a-zA-Z0-9-]{0,31}$/;
const stagesMax = 16;

export function gatewayMetrics(registry: Registry, gauges: { live: () => number; outbox: () => Promise<number> }): GatewayMetrics {
  const registers = [registry];
  const http = new Histogram({ name: 'boop_http_request_seconds', help: 'Duration of HTTP requests by route', labelNames: ['method', 'route', 'status'], buckets: secondsBuckets, registers });
  const operations = new Histogram({ name: 'boop_mpc_operation_seconds', help: 'Duration of operations of the nodes as the gateway sees them', labelNames: ['operation'], buckets: secondsBuckets, registers });
  const outcomes = new Counter({ name: 'boop_mpc_outcomes_total', help: 'Outcomes of operations of the nodes', labelNames: ['operation', 'outcome'], registers });
  const stages = new Histogram({ name: 'boop_mpc_stage_seconds', help: 'Duration of stages as the session leader tells them', labelNames: ['operation', 'stage'], buckets: secondsBuckets, registers });
  new Gauge({ name: 'boop_nodes_live', help: 'Nodes whose link is up', registers, collect() { this.set(gauges.live()); } });
  new Gauge({ name: 'boop_log_outbox_entries', help: 'Entries that the ledger has not acknowledged', registers, async collect() { this.set(await gauges.outbox()); } });
  return {
    observeHttp: (method, route, status, seconds) => http.observe({ method, route, status: String(status) }, seconds),
    observe(operation, outcome, durationMs, byStage) {
      operations.observe({ operation }, durationMs / 1000);
      outcomes.inc({ operation, outcome });
      for (const [stage, ms] of Object.entries(byStage).slice(0, stagesMax)) if (stageName.test(stage)) stages.observe({ operation, stage }, ms / 1000);
    },
  };
}

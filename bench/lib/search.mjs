// A palm searched among many by three of some nodes, in processes: 25 shifts, every decision checked.
import { randomBytes } from 'node:crypto';
import { startParties } from './processes.mjs';
import { percentiles, round } from './report.mjs';

const once = (value) => () => value;

/** @returns milliseconds with correlations in stock and with correlations made on the way, and memory a palm */
export async function search({ nodes, rows, shards, lanes, flights, repetitions }) {
  const parties = await startParties(nodes);
  try {
    const active = [1, 2, 3];
    const target = 1;
    const [{ rowBytes, rssBytes }] = await parties.all('load', once({ name: 'palms', seed: randomBytes(32), rows, probeCount: 1, threshold: 1, shards, every: rows, distinct: Math.min(rows, 4_096) }), active);
    const committee = { name: 'bench', members: active, threshold: 1 };
    await parties.all('agree', once({ committee, context: randomBytes(32), runId: randomBytes(16) }), active);
    // Whole groups of 128 rows, and a block for every shard.
    const blockRows = 128 * Math.min(Math.floor(lanes / 25 / 128), Math.ceil(rows / Math.max(1, shards) / 128));
    const blocks = Math.ceil(rows / blockRows);
    const plan = { backEnd: 'digits', orForm: 'tree', blockRows, flights: Math.min(flights, blocks) };
    const ms = { stocked: [], onTheWay: [] };
    for (let run = -2; run < repetitions; run++) {
      for (const kind of ['stocked', 'onTheWay']) {
        const batchId = randomBytes(16);
        if (kind === 'stocked') await parties.all('stock', once({ committee, runId: randomBytes(16), batchId, blocks, probes: 1, plan }), active);
        const answers = await parties.all('decide', once({ committee, runId: randomBytes(16), rows, plan, ...(kind === 'stocked' && { stock: { batchId, firstBlock: 0 } }), opening: 'identify' }), active);
        for (const { decision } of answers) if (decision.kind !== 'one' || decision.row !== target) throw new Error(`found ${JSON.stringify(decision)}`);
        if (run >= 0) ms[kind].push(Math.max(...answers.map((answer) => answer.ms)));
      }
    }
    return { nodes, threshold: 1, galleryRows: rows, shards, shifts: 25, backEnd: plan.backEnd, blockRows: plan.blockRows, flights: plan.flights, p50Stocked: percentiles(ms.stocked).p50, p50OnTheWay: percentiles(ms.onTheWay).p50, rowBytes, rssBytesPerRow: Math.round(rssBytes / rows), latencyMs: percentiles(ms.stocked), latencyOnTheWayMs: percentiles(ms.onTheWay) };
  } finally {
    await parties.stop();
  }
}

/** Least squares of milliseconds over rows, and how much of the variance it explains. */
export function linearFit(points) {
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [x, y] = [points.map((point) => point.galleryRows), points.map((point) => point.p50Stocked)];
  const slope = x.reduce((sum, value, i) => sum + (value - mean(x)) * (y[i] - mean(y)), 0) / x.reduce((sum, value) => sum + (value - mean(x)) ** 2, 0);
  const intercept = mean(y) - slope * mean(x);
  const rest = y.reduce((sum, value, i) => sum + (value - intercept - slope * x[i]) ** 2, 0);
  return { fit: 'linear', msPerThousandRows: round(slope * 1000), interceptMs: round(intercept), r2: round(1 - rest / y.reduce((sum, value) => sum + (value - mean(y)) ** 2, 0), 4) };
}

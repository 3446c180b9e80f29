// A palm searched among many: five nodes as processes, three of them active, correlations made ahead, 25 shifts; then three nodes and 100,000 rows.
// Run: node --conditions=@boop/source bench/identify.mjs [--quick] [--sizes 1000,2000] [--nodes 5] [--json FILE]
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startParties } from './lib/processes.mjs';
import { percentiles, report, round } from './lib/report.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' }, shards: { type: 'string', default: '1' }, lanes: { type: 'string', default: '32768' }, sizes: { type: 'string' }, nodes: { type: 'string', default: '5' }, repetitions: { type: 'string' }, flights: { type: 'string', default: '3' } } });
const once = (value) => () => value;
const repetitions = Number(values.repetitions ?? (values.quick ? 5 : 15));

async function search(nodes, rows) {
  const parties = await startParties(nodes);
  try {
    const active = [1, 2, 3];
    const target = 1;
    const [{ rowBytes, rssBytes }] = await parties.all('load', once({ name: 'palms', seed: randomBytes(32), rows, probeCount: 1, threshold: 1, shards: Number(values.shards), every: rows, distinct: Math.min(rows, 4_096) }), active);
    const committee = { name: 'bench', members: active, threshold: 1 };
    await parties.all('agree', once({ committee, context: randomBytes(32), runId: randomBytes(16) }), active);
    const plan = { backEnd: 'digits', orForm: 'tree', blockRows: Math.floor(Number(values.lanes) / 25 / 128) * 128, flights: Number(values.flights) };
    const blocks = Math.ceil(rows / plan.blockRows);
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
    return { nodes, threshold: 1, galleryRows: rows, shifts: 25, backEnd: plan.backEnd, blockRows: plan.blockRows, flights: plan.flights, p50Stocked: percentiles(ms.stocked).p50, p50OnTheWay: percentiles(ms.onTheWay).p50, rowBytes, rssBytesPerRow: Math.round(rssBytes / rows), latencyMs: percentiles(ms.stocked), latencyOnTheWayMs: percentiles(ms.onTheWay) };
  } finally {
    await parties.stop();
  }
}

/** Least squares of milliseconds over rows, and how much of the variance it explains. */
function linearFit(points) {
  const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [x, y] = [points.map((point) => point.galleryRows), points.map((point) => point.p50Stocked)];
  const slope = x.reduce((sum, value, i) => sum + (value - mean(x)) * (y[i] - mean(y)), 0) / x.reduce((sum, value) => sum + (value - mean(x)) ** 2, 0);
  const intercept = mean(y) - slope * mean(x);
  const rest = y.reduce((sum, value, i) => sum + (value - intercept - slope * x[i]) ** 2, 0);
  return { fit: 'linear', msPerThousandRows: round(slope * 1000), interceptMs: round(intercept), r2: round(1 - rest / y.reduce((sum, value) => sum + (value - mean(y)) ** 2, 0), 4) };
}

const sizes = (values.sizes ?? (values.quick ? '1000,2000,4000' : '2000,5000,10000,20000')).split(',').map(Number);
const rows = [];
for (const size of sizes) rows.push(await search(Number(values.nodes), size));
if (sizes.length > 2) rows.push(linearFit(rows));
if (!values.quick && !values.sizes) rows.push(await search(3, 100_000));
report('identify', rows, values.json);

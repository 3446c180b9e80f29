// One comparison, connections up and correlations in stock: three parties, mTLS 1.3, one opened bit. Latency of each at a party.
// Run: node --conditions=@boop/source bench/w3.mjs [--quick] [--json FILE]
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startParties } from './lib/processes.mjs';
import { percentiles, report } from './lib/report.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' }, shards: { type: 'string', default: '0' } } });
const perStock = 64;
const stocks = values.quick ? 4 : 32;
const once = (value) => () => value;
const results = [];
for (const name of ['w1', 'w2']) {
  const parties = await startParties(3);
  try {
    await parties.all('load', once({ name, seed: randomBytes(32), rows: 4, probeCount: 1, threshold: 1, shards: Number(values.shards), every: 2 }));
    const committee = { name: 'bench', members: parties.ids, threshold: 1 };
    await parties.all('agree', once({ committee, context: randomBytes(32), runId: randomBytes(16) }));
    const plan = { backEnd: 'one-hot', orForm: 'sum', blockRows: 1, flights: 1 };
    const times = [];
    for (let round = 0; round < stocks; round++) {
      const batchId = randomBytes(16);
      await parties.all('stock', once({ committee, runId: randomBytes(16), batchId, blocks: perStock, probes: 1, plan }));
      const [own] = await parties.all('sequence', once({ committee, seed: randomBytes(16), count: perStock, rows: 1, plan, stock: { batchId, firstBlock: 0 }, opening: 'any' }));
      if (round > 0) times.push(...own);
    }
    results.push({ workload: name, nodes: 3, threshold: 1, galleryRows: 1, rounds: 3, ...percentiles(times), latencyMs: percentiles(times) });
  } finally {
    await parties.stop();
  }
}
report('w3', results, values.json);

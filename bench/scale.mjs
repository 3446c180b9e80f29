// Searches by gallery size and by shards: three nodes as processes, 25 shifts, every decision checked; a line and its fit for each number of shards.
// Run: node --conditions=@boop/source bench/scale.mjs [--quick] [--sizes 1000,3000] [--shards 1,2] [--json FILE]
import { parseArgs } from 'node:util';
import { report } from './lib/report.mjs';
import { linearFit, search } from './lib/search.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' }, sizes: { type: 'string' }, shards: { type: 'string' } } });
const list = (text) => text.split(',').map(Number);
const sizes = list(values.sizes ?? (values.quick ? '1000,2000,4000' : '1000,3000,10000,30000,100000'));
const shardCounts = list(values.shards ?? (values.quick ? '1,2' : '1,2,3,4'));

const rows = [];
for (const shards of shardCounts) {
  const searches = [];
  for (const size of sizes) searches.push(await search({ nodes: 3, rows: size, shards, lanes: 262_144, flights: 2, repetitions: values.quick ? 3 : 7 }));
  rows.push(...searches, ...(sizes.length > 2 ? [{ shards, ...linearFit(searches) }] : []));
}
report('scale', rows, values.json);

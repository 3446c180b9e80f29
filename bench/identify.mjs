// A palm searched among many: five nodes as processes, three of them active, correlations made ahead, 25 shifts; then three nodes and 100,000 rows.
// Blocks are those of `planComparison`: every block has rounds of its own, and with smaller ones parties wait for messages more than they compute.
// Run: node --conditions=@boop/source bench/identify.mjs [--quick] [--sizes 1000,2000] [--nodes 5] [--json FILE]
import { parseArgs } from 'node:util';
import { report } from './lib/report.mjs';
import { linearFit, search } from './lib/search.mjs';

const { values } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'string' }, shards: { type: 'string', default: '1' }, lanes: { type: 'string', default: '262144' }, sizes: { type: 'string' }, nodes: { type: 'string', default: '5' }, repetitions: { type: 'string' }, flights: { type: 'string', default: '2' } } });
const repetitions = Number(values.repetitions ?? (values.quick ? 5 : 15));
const [shards, lanes, flights] = [values.shards, values.lanes, values.flights].map(Number);
const searchIn = async (nodes, rows) => await search({ nodes, rows, shards, lanes, flights, repetitions });

const sizes = (values.sizes ?? (values.quick ? '1000,2000,4000' : '2000,5000,10000,20000')).split(',').map(Number);
const rows = [];
for (const size of sizes) rows.push(await searchIn(Number(values.nodes), size));
if (sizes.length > 2) rows.push(linearFit(rows));
if (!values.quick && !values.sizes) rows.push(await searchIn(3, 100_000));
report('identify', rows, values.json);

// 512-dimensional int8 embeddings (p = 8191), both secret, the threshold bit of every row opened.
// Run: node --conditions=@boop/source bench/w2.mjs [--rows 262144] [--quick] [--json FILE]
import { parseArgs } from 'node:util';
import { report } from './lib/report.mjs';
import { measureBits } from './lib/scan.mjs';

const { values } = parseArgs({ options: { rows: { type: 'string' }, quick: { type: 'boolean' }, json: { type: 'string' }, shards: { type: 'string', default: '0' }, probes: { type: 'string', default: '1' }, 'block-rows': { type: 'string', default: '262144' }, flights: { type: 'string', default: '1' } } });
const rows = Number(values.rows ?? (values.quick ? 16_384 : 262_144));
report('w2', await measureBits({ name: 'w2', rows, probeCounts: values.probes.split(',').map(Number), shards: Number(values.shards), repetitions: values.quick ? 3 : 9, distinct: 16_384, blockRows: Number(values['block-rows']), flights: Number(values.flights) }), values.json);

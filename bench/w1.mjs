// 12,800-bit codes with 6,400 mask bits (19,200 coordinates, p = 65521), both secret, the threshold bit of every row opened.
// Run: node --conditions=@boop/source bench/w1.mjs [--rows 20480] [--quick] [--json FILE]
import { parseArgs } from 'node:util';
import { report } from './lib/report.mjs';
import { measureBits } from './lib/scan.mjs';

const { values } = parseArgs({ options: { rows: { type: 'string' }, quick: { type: 'boolean' }, json: { type: 'string' }, shards: { type: 'string', default: '0' }, probes: { type: 'string', default: '1,8' }, 'block-rows': { type: 'string', default: '20480' }, flights: { type: 'string', default: '1' } } });
const rows = Number(values.rows ?? (values.quick ? 1_024 : 20_480));
report('w1', await measureBits({ name: 'w1', rows, probeCounts: values.probes.split(',').map(Number), shards: Number(values.shards), repetitions: values.quick ? 3 : 9, blockRows: Number(values['block-rows']), flights: Number(values.flights) }), values.json);

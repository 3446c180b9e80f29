// What becomes of every lie in every round of every protocol: prints the table of docs/protocol/cheating.md.
// node --conditions=@boop/source bench/cheating.mjs [--nodes 5] [--threshold 1] [--every 1]
import { parseArgs } from 'node:util';
import { scenarios } from '../libs/mpc/src/testing/malice-scenarios.ts';
import { faultOf, liesOf, tableOf, tell } from '../libs/mpc/src/testing/malice-table.ts';

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '5' }, threshold: { type: 'string', default: '1' }, every: { type: 'string', default: '1' } } });
const [nodes, threshold, every] = [values.nodes, values.threshold, values.every].map(Number);
const results = scenarios(nodes, threshold).flatMap((scenario) => liesOf(scenario).flatMap((lie, i) => (i % every === 0 ? [tell(lie, i + 1)] : [])));
const faults = results.map(faultOf).filter((fault) => fault !== undefined);
process.stdout.write(`${tableOf(results).join('\n')}\n\n${results.filter(({ told }) => told > 0).length} runs with a lie; honest parties blamed or misled: ${faults.length}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

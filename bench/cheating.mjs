// What becomes of every lie in every round of every protocol: prints the tables of docs/protocol/cheating.md.
// node --conditions=@boop/source bench/cheating.mjs [--nodes 5] [--threshold 1] [--every 1] [--by protocol|lie]
import { parseArgs } from 'node:util';
import { seededUint32 } from '@boop/testing';
import { scenarios } from '../libs/mpc/src/testing/malice-scenarios.ts';
import { faultOf, liesOf, tableOf, tell } from '../libs/mpc/src/testing/malice-table.ts';

const text = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({ options: { nodes: text('5'), threshold: text('1'), every: text('1'), by: text('protocol') } });
const [nodes, threshold, every] = [values.nodes, values.threshold, values.every].map(Number);
const next = seededUint32(1);
const results = scenarios(nodes, threshold).flatMap((scenario) => liesOf(scenario).flatMap((lie, i) => (next() % every === 0 || lie.round === undefined ? [tell(lie, i + 1)] : [])));
const faults = results.map(faultOf).filter((fault) => fault !== undefined);
process.stdout.write(`${tableOf(results, values.by).join('\n')}\n\n${results.filter(({ told }) => told > 0).length} runs with a lie; honest parties blamed or misled: ${faults.length}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;

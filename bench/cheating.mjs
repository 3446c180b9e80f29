// What becomes of every lie in every round of every protocol of @boop/mpc.
// node --conditions=@boop/source bench/cheating.mjs --nodes 7 --threshold 2 [--part 1/4] --json FILE    runs them, or one of several equal parts
// node --conditions=@boop/source bench/cheating.mjs --write FILE …                                     writes the table of docs/protocol/cheating.md
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mergeOutcomes, outcomesOf, outcomesTable, runsIn } from '../libs/mpc/src/testing/malice-outcomes.ts';
import { scenarios } from '../libs/mpc/src/testing/malice-scenarios.ts';
import { faultOf, liesOf, tell } from '../libs/mpc/src/testing/malice-table.ts';

const document = new URL('../docs/protocol/cheating.md', import.meta.url);
const text = (value) => ({ type: 'string', default: value });
const { values, positionals } = parseArgs({ allowPositionals: true, options: { nodes: text('5'), threshold: text('1'), part: text('1/1'), json: { type: 'string' }, write: { type: 'boolean' } } });

function run() {
  const [nodes, threshold] = [values.nodes, values.threshold].map(Number);
  const [part, parts] = values.part.split('/').map(Number);
  const faults = [];
  const outcomes = scenarios(nodes, threshold).map((scenario) => {
    const results = liesOf(scenario).filter(({ seed }) => seed % parts === part - 1).map(tell);
    for (const { lie, ...result } of results) {
      const fault = faultOf({ lie, ...result });
      if (fault !== undefined) faults.push({ protocol: scenario.name, liars: lie.liars, lie: lie.what, round: lie.round, towards: lie.towards, seed: lie.seed, fault });
    }
    return outcomesOf(results);
  });
  const report = { nodes, threshold, part, parts, faults, outcomes: mergeOutcomes(outcomes) };
  if (values.json) writeFileSync(values.json, JSON.stringify(report));
  process.stdout.write(`(${nodes}, ${threshold}): ${runsIn(report.outcomes)} runs with a lie; honest parties blamed or misled: ${faults.length}\n`);
  for (const fault of faults) process.stdout.write(`${JSON.stringify(fault)}\n`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

function write() {
  const reports = positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')));
  const named = Map.groupBy(reports, ({ nodes, threshold }) => `(${nodes}, ${threshold})`);
  const byParameters = new Map();
  for (const [name, parts] of [...named].sort()) {
    const seen = new Set(parts.map(({ part, parts: of }) => `${part}/${of}`));
    if (seen.size !== parts[0].parts || parts.some(({ parts: of }) => of !== parts[0].parts)) throw new Error(`${name}: not all parts are there`);
    if (parts.some(({ faults }) => faults.length > 0)) throw new Error(`${name}: an honest party was blamed or misled`);
    byParameters.set(name, mergeOutcomes(parts.map(({ outcomes }) => outcomes)));
  }
  const totals = [...byParameters].map(([name, outcomes]) => `${name} ${runsIn(outcomes).toLocaleString('en')}`).join(', ');
  const [before, rest] = readFileSync(document, 'utf8').split('<!-- outcomes -->\n');
  const after = rest.split('<!-- end of outcomes -->')[1];
  writeFileSync(document, `${before}<!-- outcomes -->\nRuns with a lie: ${totals}. Honest parties blamed or misled in them: none.\n\n${outcomesTable(byParameters).join('\n')}\n<!-- end of outcomes -->${after}`);
}

if (values.write) write();
else run();

// Decisions over shares against the clear, for every (N, t) and back end.
// node --conditions=@boop/source bench/differential.mjs random [--comparisons 1000000] [--part 1/3] --json FILE    random scores around θ
// node --conditions=@boop/source bench/differential.mjs captures [--part 1/3] --json FILE                            real captures
// node --conditions=@boop/source bench/differential.mjs write FILE …                                                 the table of docs/protocol/distributions.md
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { captureSets, compareCaptures } from '../libs/acceptance/src/differential/compare-captures.ts';
import { compareRandom, configurations } from '../libs/mpc/src/testing/random-comparisons.ts';

const document = new URL('../docs/protocol/distributions.md', import.meta.url);
const { values, positionals } = parseArgs({ allowPositionals: true, options: { comparisons: { type: 'string', default: '1000000' }, json: { type: 'string' }, part: { type: 'string', default: '1/1' } } });
const [command, ...files] = positionals;

async function run() {
  const kinds = command === 'random' ? [{ name: 'random' }] : await captureSets();
  const tallies = [];
  const [part, parts] = values.part.split('/').map(Number);
  for (const kind of kinds) {
    for (const configuration of configurations.filter((_, i) => i % parts === part - 1)) {
      const tally = { kind: kind.name, ...(command === 'random' ? compareRandom(configuration, Number(values.comparisons)) : compareCaptures(kind, configuration)) };
      tallies.push(tally);
      process.stdout.write(`${JSON.stringify(tally)}\n`);
      if (tally.wrong > 0) process.exitCode = 1;
    }
  }
  if (values.json) writeFileSync(values.json, JSON.stringify(tallies));
}

function write() {
  const tallies = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')));
  if (tallies.some(({ wrong }) => wrong > 0)) throw new Error('a decision differs from the clear');
  const kinds = [...Map.groupBy(tallies, ({ kind }) => kind).keys()];
  const cell = (found) => (found ? `${found.compared.toLocaleString('en')} (${found.accepted.toLocaleString('en')})` : '–');
  const rows = configurations.map(({ nodes, threshold, backEnd }) => {
    const cells = kinds.map((kind) => cell(tallies.find((tally) => tally.kind === kind && tally.nodes === nodes && tally.threshold === threshold && tally.backEnd === backEnd)));
    return `| (${nodes}, ${threshold}) | ${backEnd} | ${cells.join(' | ')} |`;
  });
  const total = tallies.reduce((sum, { compared }) => sum + compared, 0);
  const [before, rest] = readFileSync(document, 'utf8').split('<!-- decisions -->\n');
  const after = rest.split('<!-- end of decisions -->')[1];
  const table = [`| (N, t) | back end | ${kinds.join(' | ')} |`, `|${'---|'.repeat(kinds.length + 2)}`, ...rows];
  writeFileSync(document, `${before}<!-- decisions -->\nComparisons (accepted in the clear): ${total.toLocaleString('en')} in all. Decided otherwise over shares: none.\n\n${table.join('\n')}\n<!-- end of decisions -->${after}`);
}

if (command === 'write') write();
else await run();

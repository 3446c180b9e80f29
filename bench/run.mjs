// All benchmarks, one after another: node bench/run.mjs [NAME …] [--json FILE]. One JSON document with machine and commit.
// `authentication` needs a running network (npm start) and is left out, by name, where there is none.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({ options: { json: { type: 'string' }, quick: { type: 'boolean' } }, allowPositionals: true });
const quickOnes = ['w1', 'w2', 'w3', 'identify', 'enroll', 'wan', 'scale'];
const hasNetwork = existsSync(join(root, '.boop/control.sock'));
const known = ['biometric', 'mpc', 'w1', 'w2', 'w3', 'identify', 'enroll', 'wan', 'scale', 'log', 'ledger', 'accounts', 'node', 'load', 'bridge', 'release', ...(hasNetwork ? ['authentication'] : [])];
const names = positionals.length ? positionals : known;
if (!hasNetwork && !positionals.length) process.stderr.write('authentication: no network is running, left out\n');

const dir = mkdtempSync(join(tmpdir(), 'boop-bench-'));
const results = {};
let failed = false;
for (const name of names) {
  process.stderr.write(`\n## ${name}\n`);
  const file = join(dir, `${name}.json`);
  const { status } = spawnSync(process.execPath, ['--conditions=@boop/source', '--disable-warning=ExperimentalWarning', join(root, 'bench', `${name}.mjs`), '--json', file, ...(values.quick && quickOnes.includes(name) ? ['--quick'] : [])], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0 && existsSync(file)) results[name] = JSON.parse(readFileSync(file, 'utf8'));
  else failed = true;
}
rmSync(dir, { recursive: true, force: true });

const [{ model }] = cpus();
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const report = { machine: { cpu: model.trim(), cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version }, commit, at: new Date().toISOString(), results };
const text = `${JSON.stringify(report, null, 2)}\n`;
if (values.json) writeFileSync(values.json, text);
else process.stdout.write(text);
process.exitCode = failed ? 1 : 0;

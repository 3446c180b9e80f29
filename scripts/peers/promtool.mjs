// Has Prometheus's own promtool check the alert rules, run their tests, and read the example configuration (deploy/prometheus).
// Debian and Ubuntu have it in the package `prometheus`; where it is missing, this says so and checks nothing.
//   node scripts/peers/promtool.mjs [PROMTOOL]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('../../deploy/prometheus', import.meta.url));
const promtool = process.argv[2] ?? 'promtool';
const checks = [
  ['check', 'rules', 'boop.rules.yml'],
  ['test', 'rules', 'boop.rules.test.yml'],
  ['check', 'config', 'prometheus.yml'],
];

const { error, stdout, stderr } = spawnSync(promtool, ['--version'], { encoding: 'utf8' });
if (error?.code === 'ENOENT') {
  console.log(`SKIPPED alert rules: ${promtool} is not installed`);
} else {
  console.log(`${stdout}${stderr}`.split('\n')[0]);
  for (const check of checks) {
    const { status } = spawnSync(promtool, check, { cwd, stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}

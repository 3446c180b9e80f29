import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lint } from './lint.mjs';
import { environment, exec, step } from './steps.mjs';

/** Jest waits for ever for what a test left open; its report is complete by then. */
const linger = 30_000;

/** Kills a Jest that has written its report and doesn't end, which then counts as a failure. */
function endAfterReport(child, report) {
  let reportedAt;
  const watch = setInterval(() => {
    if (existsSync(report)) reportedAt ??= Date.now();
    if (reportedAt === undefined || Date.now() - reportedAt < linger) return;
    process.stderr.write('jest does not end: a test left something open\n');
    child.kill('SIGKILL');
  }, 500);
  child.once('exit', () => clearInterval(watch));
}

/**
 * Lint, then every test: quick ones on two workers, then the whole network, one test file at a time. Ends with
 * `N passed, N failed`; lint counts as one test.
 */
export async function test({ long, args }) {
  const results = mkdtempSync(join(tmpdir(), 'boop-test-'));
  let passed = 0;
  let failed = 0;
  let ran = 0;
  const count = (ok) => (ok ? (passed += 1) : (failed += 1));
  const jest = async (name, ...options) => {
    const file = join(results, `${name}.json`);
    const status = await exec('jest', ['--config', 'jest.config.mjs', '--passWithNoTests', '--json', '--outputFile', file, ...args, ...options], {
      env: { ...environment, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' },
      // The summary goes to stderr; standard output would repeat it as JSON.
      stdio: ['ignore', 'ignore', 'inherit'],
      onStart: (child) => endAfterReport(child, file),
    });
    const report = JSON.parse(readFileSync(file, 'utf8'));
    ran += report.numPassedTests + report.numFailedTests;
    passed += report.numPassedTests;
    failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
    if (status !== 0 && report.numFailedTests + report.numRuntimeErrorTestSuites === 0) failed += 1;
  };
  try {
    count(await step('lint and boundaries', lint).then((status) => status === 0));
    const kinds = long ? ['long'] : ['unit', 'vector', 'prop', 'sim', 'int'];
    await jest('quick', '--maxWorkers', '2', '--testMatch', ...kinds.map((kind) => `**/src/**/*.${kind}.ts`));
    if (!long) await jest('network', '--runInBand', '--testMatch', '**/src/**/*.e2e.ts');
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  // Lint alone is no test run.
  return failed === 0 && ran > 0 ? 0 : 1;
}

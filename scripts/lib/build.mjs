import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, isFresh, markFresh, quietly, root, step } from './steps.mjs';

/** Generated sources, then all projects, then the console: each only when its inputs changed. */
export async function build({ force }) {
  await stage('kernels', 'libs/kernels/src/generated', force, () => digestOf(['libs/kernels/assembly', 'libs/kernels/scripts']), () => quietly('node', ['libs/kernels/scripts/build.mjs']));
  const schemas = readdirSync(join(root, 'apps')).filter((app) => existsSync(join(root, 'apps', app, 'prisma/schema.prisma')));
  for (const app of schemas)
    await stage(`database client of ${app}`, `apps/${app}/src/generated`, force, () => digestOf([`apps/${app}/prisma`]), () => quietly('prisma', ['generate', '--schema', `apps/${app}/prisma`]));
  const isSource = (file) => /\.(ts|tsx|json|css|html)$/.test(file);
  await stage('projects', 'apps/cli/dist/main.js', force, () => digestOf(['libs', 'apps', 'tsconfig.json', 'tsconfig.base.json'], isSource), () => quietly('tsc', ['-b']));
  if (existsSync(join(root, 'apps/console/vite.config.ts')))
    await stage('console', 'apps/console/dist/index.html', force, () => digestOf(['apps/console', 'libs'], isSource), () => quietly('vite', ['build', '--logLevel', 'error'], { cwd: join(root, 'apps/console') }));
}

/** @param output a file that the work leaves: fresh inputs say nothing about outputs that somebody deleted */
async function stage(title, output, force, digest, work) {
  const name = `build-${title.replaceAll(' ', '-')}`;
  const now = digest();
  if (!force && isFresh(name, now) && existsSync(join(root, output))) return;
  await step(title, work);
  markFresh(name, now);
}

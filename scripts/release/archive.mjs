import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { quietly } from '../lib/steps.mjs';

/** What a workspace package has besides what runs. */
const left = /(^|\/)(src|assembly|scripts|testing|node_modules)$|\.(tsbuildinfo|map|d\.ts)$|\.(unit|int|sim|prop|vector|long|e2e)\.js$|(^|\/)(tsconfig\.json|jest\.config\.mjs)$/;

/** Copies what runs into a folder: built workspace packages, and packages from the registry as they are. */
export function layOut(root, folder, { workspaces, packages }) {
  for (const workspace of workspaces) {
    const from = join(root, workspace);
    cpSync(from, join(folder, workspace), { recursive: true, filter: (file) => !left.test(file.slice(from.length)) });
  }
  for (const name of packages) {
    const from = join(root, name);
    // A package nested in it has a line of its own; links of PostgreSQL's libraries stay links.
    cpSync(from, join(folder, name), { recursive: true, verbatimSymlinks: true, filter: (file) => !file.slice(from.length).includes('/node_modules') });
  }
  mkdirSync(join(folder, 'node_modules/@boop'), { recursive: true });
  for (const workspace of workspaces) symlinkSync(join('../..', workspace), join(folder, 'node_modules/@boop', basename(workspace)));
}

/** The same bytes for the same files, whoever packs them and when. */
export async function pack(folder, archive, seconds) {
  const tar = join(dirname(archive), `${basename(folder)}.tar`);
  await quietly('tar', ['--create', '--file', tar, '--directory', dirname(folder), '--sort=name', `--mtime=@${seconds}`, '--owner=0', '--group=0', '--numeric-owner', '--mode=go-w', '--format=gnu', basename(folder)]);
  await quietly('gzip', ['--no-name', '--force', tar]);
}

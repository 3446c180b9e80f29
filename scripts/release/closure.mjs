import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/**
 * Folders of all packages that these workspace packages need at run time, found as Node finds them.
 * @param {string} root of the checkout, with everything installed
 * @param {readonly string[]} apps folders
 * @returns {{ workspaces: string[], packages: string[] }} folders relative to the root
 */
export function runtimeClosure(root, apps) {
  const seen = new Set();
  const visit = (folder) => {
    if (seen.has(folder)) return;
    seen.add(folder);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    for (const name of new Set([...peers, ...Object.keys(dependencies), ...Object.keys(optionalDependencies)])) {
      const found = find(root, folder, name);
      if (found !== undefined) visit(found);
      else if (!(name in optionalDependencies)) throw new Error(`${folder} needs ${name}, which is not installed`);
    }
  };
  for (const app of apps) visit(app);
  const all = [...seen].sort();
  return { workspaces: all.filter((folder) => !folder.includes('node_modules')), packages: all.filter((folder) => folder.includes('node_modules')) };
}

function find(root, from, name) {
  for (let at = from; ; at = at === '.' ? '' : dirname(at)) {
    const candidate = join(root, at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return relative(realpathSync(root), realpathSync(candidate));
    if (at === '') return undefined;
  }
}

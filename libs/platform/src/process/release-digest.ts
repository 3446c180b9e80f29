import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { toBase64Url } from '@boop/shared';

/** As the release script calls what it packs. */
const releaseName = 'boop-node';

/**
 * Digest of the release that a program belongs to, as manifests list it; undefined for a program of a checkout.
 * @param script path of a file of the release
 */
export async function releaseDigest(script: string): Promise<string | undefined> {
  for (let folder = dirname(script); ; folder = dirname(folder)) {
    const named = await readFile(join(folder, 'package.json'), 'utf8').then((text) => (JSON.parse(text) as { name?: unknown }).name, () => undefined);
    if (named === releaseName) return await folderDigest(folder);
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * SHA-256, base64url, over a line `SHA-256 in hex, two spaces, path` for every file below a folder, in the order of the paths' bytes; of a link, its
 * target is hashed. Costs one reading of all files.
 */
export async function folderDigest(folder: string): Promise<string> {
  const digest = createHash('sha256');
  for (const path of (await pathsBelow(folder, '')).sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))) digest.update(`${await path.digest()}  ${path.path}\n`);
  return toBase64Url(digest.digest());
}

interface Entry {
  readonly path: string;
  digest(): Promise<string>;
}

async function pathsBelow(root: string, below: string): Promise<Entry[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry): Promise<Entry[]> => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return await pathsBelow(root, path);
      return [{ path, digest: async () => (entry.isSymbolicLink() ? createHash('sha256').update(await readlink(join(root, path))).digest('hex') : await fileDigest(join(root, path))) }];
    }),
  );
  return found.flat();
}

async function fileDigest(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

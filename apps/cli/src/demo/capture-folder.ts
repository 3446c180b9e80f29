import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoopError } from '@boop/shared';
import { type Palm, samplesPerPalm } from './plan.ts';

const isImage = (name: string): boolean => /\.(bmp|png)$/i.test(name);

/**
 * Palms from a folder with one folder per palm. A folder whose name says "left" holds a left palm, any other a right one.
 * @throws BoopError `demo.no-captures` when it isn't there or no folder in it has enough images
 */
export async function palmsIn(directory: string): Promise<Palm[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => {
    throw new BoopError('demo.no-captures', `there is no readable folder ${directory}`);
  });
  const palms: Palm[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory()).sort((a, b) => compare(a.name, b.name))) {
    const files = (await readdir(join(directory, name))).filter(isImage).sort(compare);
    if (files.length <= samplesPerPalm) continue;
    const captures = files.map((file) => ({ name: `${name}/${file}`, load: async () => new Uint8Array(await readFile(join(directory, name, file))) }));
    palms.push({ name, position: /left/i.test(name) ? 'left-palm' : 'right-palm', captures });
  }
  if (palms.length === 0) throw new BoopError('demo.no-captures', `${directory} has no folder with ${samplesPerPalm + 1} BMP or PNG files or more; one folder per palm is expected`);
  return palms;
}

/** By code units, the same on every machine. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

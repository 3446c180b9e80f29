import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Real captures beside the project, where they exist: palm → files in name order. They are read, never copied. */
export function realPalms(set: 'polyu-nir' | 'polyu-green'): ReadonlyMap<string, readonly Uint8Array[]> {
  const dir = join(projectRoot, '../shared/data/palms', set);
  if (!existsSync(dir)) return new Map();
  return new Map(
    readdirSync(dir)
      .sort()
      .map((palm) => [
        palm,
        readdirSync(join(dir, palm))
          .filter((file) => file.endsWith('.bmp'))
          .sort()
          .map((file) => new Uint8Array(readFileSync(join(dir, palm, file)))),
      ]),
  );
}

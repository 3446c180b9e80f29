import { readFile, rename, writeFile } from 'node:fs/promises';
import { BoopError } from '@boop/shared';
import { z } from 'zod';
import { type Canary } from './canary-round.ts';

const schema = z.strictObject({ canaries: z.array(z.strictObject({ identity: z.int().min(0).max(Number.MAX_SAFE_INTEGER), matches: z.int().min(0) })).max(1000) });

/** Canaries in a file that its owner alone reads. @throws BoopError `canary.unreadable` */
export async function readCanaries(file: string): Promise<readonly Canary[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(file);
  }
  try {
    return schema.parse(JSON.parse(text)).canaries;
  } catch {
    throw unreadable(file);
  }
}

/** Replaces the file at once: a crash leaves the old or the new one. */
export async function writeCanaries(file: string, canaries: readonly Canary[]): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify({ canaries })}\n`, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
}

const unreadable = (file: string): BoopError => new BoopError('canary.unreadable', `${file} is not a file of canaries`, { kind: 'fatal' });

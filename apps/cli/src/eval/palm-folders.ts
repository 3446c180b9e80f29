import { open, opendir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type GreyImage } from '@boop/biometric';
import { DECODE_LIMITS, decodeCapture } from '@boop/encoders';
import { BoopError, isBoopError } from '@boop/shared';
import { type Presentation, type PresentationSet } from './presentations.ts';

/** Every pair of so many captures is still within what the evaluation takes (10 million comparisons). */
export const CAPTURES_MAX = 4_000;
/** Entries of all folders together, so that a folder tree by mistake ends soon. */
export const ENTRIES_MAX = 50_000;
const IMAGE = /\.(bmp|png|jpe?g|jp2|gif|tiff?|webp|pgm)$/i;

/**
 * Captures from a folder with a folder for each palm or eye; the session is what the file's name has before its first `_`, or the folder that it lies in there. Every file
 * with an image's name counts as presented, also of formats that the decoder refuses; symbolic links are not followed.
 * @throws BoopError `eval.no-captures`, `eval.too-many-captures`
 */
export async function palmFolders(directory: string): Promise<PresentationSet> {
  const budget = { entries: ENTRIES_MAX };
  const presentations: Presentation[] = [];
  const ignored: string[] = [];
  for (const palm of await list(directory, budget)) {
    if (!palm.isDirectory()) {
      ignored.push(palm.name);
      continue;
    }
    for (const entry of await withSessions(join(directory, palm.name), budget)) {
      if (entry.isImage) presentations.push(presentation(directory, palm.name, entry.name, entry.session));
      else ignored.push(`${palm.name}/${entry.name}`);
    }
    if (presentations.length > CAPTURES_MAX) throw new BoopError('eval.too-many-captures', `an evaluation takes ${CAPTURES_MAX} captures at most`);
  }
  if (presentations.length === 0) throw new BoopError('eval.no-captures', `${directory} has no folder with images; one folder per palm is expected`);
  return { source: basename(resolve(directory)), presentations, ignored };
}

interface Entry {
  readonly name: string;
  readonly session: string;
  readonly isImage: boolean;
}

/** The files of a palm, and of its folders one level down: each of them is a session. */
async function withSessions(palm: string, budget: { entries: number }): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const entry of await list(palm, budget)) {
    if (!entry.isDirectory()) entries.push({ name: entry.name, session: entry.name.includes('_') ? entry.name.slice(0, entry.name.indexOf('_')) : '', isImage: isImage(entry) });
    else for (const file of await list(join(palm, entry.name), budget)) entries.push({ name: `${entry.name}/${file.name}`, session: entry.name, isImage: isImage(file) });
  }
  return entries;
}

const isImage = (entry: import('node:fs').Dirent): boolean => entry.isFile() && IMAGE.test(entry.name);

const presentation = (directory: string, palm: string, name: string, session: string): Presentation => ({
  palm,
  name,
  session,
  load: () => loadImage(join(directory, palm, name)),
});

async function list(directory: string, budget: { entries: number }): Promise<Awaited<ReturnType<typeof entriesOf>>> {
  const entries = await entriesOf(directory, budget);
  return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

async function entriesOf(directory: string, budget: { entries: number }): Promise<import('node:fs').Dirent[]> {
  const handle = await opendir(directory).catch(() => {
    throw new BoopError('eval.no-captures', `there is no readable folder ${directory}`);
  });
  const entries = [];
  for await (const entry of handle) {
    if (--budget.entries < 0) throw new BoopError('eval.too-many-captures', `the folder has more than ${ENTRIES_MAX} entries`);
    entries.push(entry);
  }
  return entries;
}

async function loadImage(path: string): Promise<GreyImage> {
  try {
    const file = await open(path);
    try {
      // Not read where the decoder would refuse it.
      if ((await file.stat()).size > DECODE_LIMITS.bytesMax) throw new BoopError('capture.too-large', 'the image has too many bytes');
      return await decodeCapture(new Uint8Array(await file.readFile()));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw isBoopError(error) ? error : new BoopError('capture.unreadable', 'the file could not be read', { cause: error });
  }
}

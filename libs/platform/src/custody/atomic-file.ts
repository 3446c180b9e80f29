import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { randomUUID } from 'node:crypto';
import { BoopError } from '@boop/shared';

/** Creates a folder that only its owner may enter. @throws BoopError `custody.exposed` if one exists with a wider mode. */
export function ensurePrivateDirectory(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if ((statSync(dir).mode & 0o077) !== 0) throw new BoopError('custody.exposed', `folder ${dir} must have mode 0700`, { kind: 'fatal' });
}

/** Replaces a file in one step, durable before it returns: a crash leaves the old content or the new, never a part. @throws BoopError `storage.full` */
export function writeFileAtomic(file: string, content: Uint8Array | string, mode = 0o600): void {
  const draft = writeDraft(file, content, mode);
  renameSync(draft, file);
  syncDirectory(file);
}

/** Returns the file's bytes, creating it first if it is missing; of two processes that race, both get the first one's bytes. @throws BoopError `storage.full` */
export function readOrCreateFile(file: string, create: () => Uint8Array): Uint8Array {
  const existing = readIfPresent(file);
  if (existing) return existing;
  const draft = writeDraft(file, create(), 0o600);
  try {
    linkSync(draft, file);
    syncDirectory(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return new Uint8Array(readFileSync(file));
}

function readIfPresent(file: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeDraft(file: string, content: Uint8Array | string, mode: number): string {
  const draft = `${file}.${randomUUID()}.draft`;
  try {
    const handle = openSync(draft, 'wx', mode);
    try {
      writeAll(handle, typeof content === 'string' ? new TextEncoder().encode(content) : content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    rmSync(draft, { force: true });
    if (!noSpace.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new BoopError('storage.full', `there is no space left for ${file}`, { kind: 'fatal' });
  }
  return draft;
}

/** The disk, the user's quota, or the process's limit. */
const noSpace: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
}

function syncDirectory(file: string): void {
  const handle = openSync(dirname(file), 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

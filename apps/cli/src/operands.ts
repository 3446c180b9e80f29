import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { bytesField } from '@boop/identity';
import { BoopError } from '@boop/shared';
import { InvalidArgumentError } from 'commander';

const statOf = (path: string) => statSync(path, { throwIfNoEntry: false });

/** @returns its absolute path @throws BoopError `cli.no-file` */
export function fileOperand(path: string): string {
  const absolute = resolve(path);
  if (!statOf(absolute)?.isFile()) throw new BoopError('cli.no-file', `there is no file ${absolute}`);
  return absolute;
}

/** A folder, or the name of one that does not exist yet. @returns its absolute path @throws BoopError `cli.no-folder` */
export function folderOperand(path: string): string {
  const absolute = resolve(path);
  if (statOf(absolute)?.isDirectory() === false) throw new BoopError('cli.no-folder', `${absolute} is not a folder`);
  return absolute;
}

/** @throws BoopError `cli.no-file`, `cli.no-json` */
export function readJsonOperand(path: string): unknown {
  const file = fileOperand(path);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new BoopError('cli.no-json', `${file} can't be read as JSON`);
  }
}

/** For commander. */
export function httpUrl(text: string): string {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('an address such as http://127.0.0.1:40401 is needed');
  return text;
}

/** 32 bytes as base64url, for commander: digests and public keys. */
export function base64Url32(text: string): string {
  if (!bytesField(32).safeParse(text).success) throw new InvalidArgumentError('43 letters, digits, - or _ are needed, as boop prints them');
  return text;
}

/** One digest in 64 begins with `-`: it goes behind `--`, where it is no option. What follows an option stays its value. */
export function withDigestsLast(args: readonly string[]): string[] {
  if (args.includes('--')) return [...args];
  const isDigest = (arg: string, at: number): boolean => /^-[A-Za-z0-9_-]{42}$/.test(arg) && args[at - 1]?.startsWith('--') !== true;
  const digests = args.filter(isDigest);
  return digests.length === 0 ? [...args] : [...args.filter((arg, at) => !isDigest(arg, at)), '--', ...digests];
}

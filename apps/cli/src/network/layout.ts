import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { controlSocketIn } from '@boop/platform';

/** Root folder of the checkout, from `src` and from `dist` alike. */
export const projectRoot = fileURLToPath(new URL('../../../..', import.meta.url));

export const DEFAULT_DATA_DIRECTORY = join(projectRoot, '.boop');

/** Where things lie in a network's data folder. */
export interface Layout {
  readonly dir: string;
  readonly ca: string;
  readonly manifest: string;
  readonly credentials: string;
  readonly postgres: string;
  readonly logs: string;
  readonly socket: string;
  /** Folder of one process, for example `nodes/1` or `gateway`. */
  of(process: string): string;
}

export function layoutOf(dataDirectory: string): Layout {
  const dir = resolve(dataDirectory);
  const of = (...parts: string[]): string => join(dir, ...parts);
  return {
    dir,
    ca: of('ca'),
    manifest: of('network.json'),
    credentials: of('dev-credentials.json'),
    postgres: of('postgres'),
    logs: of('logs'),
    socket: controlSocketIn(dir),
    of: (process) => of(process),
  };
}

export const nodeName = (party: number): string => `node-${party}`;
export const nodeFolder = (party: number): string => join('nodes', String(party));

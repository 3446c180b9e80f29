import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemRng, writeFileAtomic } from '@boop/platform';
import { BoopError, toHex } from '@boop/shared';
import { z } from 'zod';
import { newParameters, type RequestedParameters, resumedParameters } from './parameters.ts';

/** This file makes a folder ours: without it nothing in the folder is touched. */
const MARKER = 'boop-network.json';

const stateSchema = z.strictObject({
  format: z.literal('boop-development-network/1'),
  networkId: z.string().regex(/^dev-[0-9a-f]{8}$/),
  nodes: z.number().int(),
  threshold: z.number().int(),
  portBase: z.number().int(),
});
export type NetworkState = z.infer<typeof stateSchema>;

/**
 * Opens the folder of a development network, or makes it one.
 * @throws BoopError `network.foreign-data` (not empty and not ours), `network.other-parameters`, `network.unsupported`
 */
export function openDataDirectory(dir: string, requested: RequestedParameters): NetworkState {
  const existing = readState(dir);
  if (!existing && existsSync(dir) && readdirSync(dir).length > 0) throw foreign(dir);
  const parameters = existing ? resumedParameters(existing, requested) : newParameters(requested);
  const networkId = existing?.networkId ?? `dev-${toHex(systemRng.bytes(4))}`;
  const state: NetworkState = { format: 'boop-development-network/1', networkId, ...parameters };
  mkdirSync(dir, { recursive: true });
  // PostgreSQL may run as another user and must pass through; each folder inside has a mode of its own.
  chmodSync(dir, 0o711);
  writeFileAtomic(join(dir, MARKER), `${JSON.stringify(state, null, 2)}\n`);
  return state;
}

/** Deletes a network's folder. @throws BoopError `network.foreign-data` unless it is one */
export function removeDataDirectory(dir: string): void {
  if (!existsSync(dir)) return;
  if (readdirSync(dir).length > 0 && !existsSync(join(dir, MARKER))) throw foreign(dir);
  rmSync(dir, { recursive: true, force: true });
}

/** @throws BoopError `network.foreign-data` */
export function readState(dir: string): NetworkState | undefined {
  const file = join(dir, MARKER);
  if (!existsSync(file)) return undefined;
  try {
    return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new BoopError('network.foreign-data', `${file} is of another version or damaged: delete the folder by hand or give another one with --data`);
  }
}

const foreign = (dir: string): BoopError =>
  new BoopError('network.foreign-data', `${resolve(dir)} is not empty and was not made by this program: give another folder with --data`);

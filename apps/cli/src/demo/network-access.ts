import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseManifest } from '@boop/protocol';
import { type NetworkPin, pinOf } from '@boop/sdk';
import { BoopError } from '@boop/shared';
import { type DevCredentials, readDevCredentials } from '../network/credentials.ts';
import { readState } from '../network/data-directory.ts';
import { DEFAULT_DATA_DIRECTORY, layoutOf } from '../network/layout.ts';

/** What the demo takes from a network's data folder, and nothing else: the accounts, the address, the nodes' keys. */
export interface NetworkAccess {
  readonly gatewayUrl: string;
  readonly vendor: DevCredentials['vendor'];
  readonly terminal: DevCredentials['terminal'];
  /** Keys of the nodes, from the manifest: shares are sealed to these, whatever the gateway says. */
  readonly pin: NetworkPin;
}

const gatewayPort = 1;

/** Paths are meant from where the person typed the command, not from where npm runs it. */
export const fromHere = (path: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), path);

export const noNetwork = (why: string): BoopError => new BoopError('demo.no-network', `${why}. Start the network first: npm start`, { kind: 'unavailable' });

/** @throws BoopError `demo.no-network`, `network.no-credentials`, `network.foreign-data`, `manifest.invalid` */
export function openAccess({ data, gateway, portBase }: { data?: string | undefined; gateway?: string | undefined; portBase?: number | undefined }): NetworkAccess {
  const directory = data === undefined ? DEFAULT_DATA_DIRECTORY : fromHere(data);
  const layout = layoutOf(directory);
  const state = readState(directory);
  if (!state || !existsSync(layout.manifest)) throw noNetwork(`there is no network in ${directory}`);
  const { vendor, terminal } = readDevCredentials(layout);
  const gatewayUrl = gateway?.replace(/\/+$/, '') ?? `http://127.0.0.1:${(portBase ?? state.portBase) + gatewayPort}`;
  return { gatewayUrl, vendor, terminal, pin: pinOf(parseManifest(JSON.parse(readFileSync(layout.manifest, 'utf8')))) };
}

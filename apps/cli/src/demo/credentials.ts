import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { idField } from '@boop/identity';
import { parseManifest } from '@boop/protocol';
import { type NetworkPin, pinOf } from '@boop/sdk';
import { BoopError } from '@boop/shared';
import { z } from 'zod';

/** What the launcher writes for development. Further members, such as the administrator's, are no matter of ours. */
const credentialsSchema = z.object({
  networkId: idField,
  gatewayUrl: z.url(),
  bridgeUrl: z.url(),
  consoleUrl: z.url().optional(),
  vendor: z.object({ id: idField, apiKey: z.string().min(1) }),
  terminal: z.object({ id: idField, key: z.string().min(1), deviceSecret: z.string().min(1) }),
});
export type DevelopmentCredentials = z.infer<typeof credentialsSchema>;

const projectRoot = fileURLToPath(new URL('../../../../', import.meta.url));
export const defaultDataDirectory = join(projectRoot, '.boop');

/** Paths are meant from where the person typed the command, not from where npm runs it. */
export const fromHere = (path: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), path);

/** @throws BoopError `demo.no-network`, `demo.bad-credentials` */
export async function readCredentials(dataDirectory: string): Promise<DevelopmentCredentials> {
  const file = join(dataDirectory, 'dev-credentials.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw noNetwork(`there is no ${file}`);
  });
  const parsed = credentialsSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new BoopError('demo.bad-credentials', `${file} is not what "npm start" writes: ${parsed.error.issues.map(({ path }) => path.join('.')).join(', ')}`);
  return parsed.data;
}

/** Keys of the nodes from the network's manifest, which lies beside the credentials on a development machine. */
export async function readPin(dataDirectory: string): Promise<NetworkPin | undefined> {
  const text = await readFile(join(dataDirectory, 'network.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : pinOf(parseManifest(parseJson(text)));
}

export const noNetwork = (why: string): BoopError => new BoopError('demo.no-network', `${why}. Start the network first: npm start`, { kind: 'unavailable' });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

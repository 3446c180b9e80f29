import { existsSync, readFileSync } from 'node:fs';
import { followManifests, manifestChainSchema, type ManifestLink, manifestLinksMax, type NetworkManifest } from '@boop/protocol';
import { BoopError, isBoopError } from '@boop/shared';

const fetchTimeoutMs = 15_000;
const attemptsMax = 3;
const bytesMax = 4 * 1024 * 1024;

/** Links of manifests from an epoch on, as many as one answer carries; empty where there are none. */
export type LinkSource = (from: number) => Promise<readonly ManifestLink[]>;

/**
 * The manifest in force, from one that is trusted. Each link between them counts because custodians and members have signed it, so it does not matter who
 * tells them; whoever holds some back can only make this an earlier one, on which nodes agree to nothing.
 * @throws BoopError `manifest.*`, `epoch.certificate` for a link that does not hold
 */
export async function followFrom(trusted: NetworkManifest, source: LinkSource): Promise<NetworkManifest> {
  for (let inForce = trusted; ; ) {
    const links = (await source(inForce.epoch + 1)).filter(({ proposal }) => proposal.manifest.epoch > inForce.epoch);
    inForce = followManifests(inForce, links).at(-1) ?? inForce;
    if (links.length < manifestLinksMax) return inForce;
  }
}

/** @param place address of a network's gateway, or a file with `{"links": […]}` as it answers them */
export function linkSource(place: string): LinkSource {
  if (/^https?:\/\//.test(place)) return async (from) => await fetchLinks(place, from);
  return async (from) => parseLinks(readFile(place)).filter(({ proposal }) => proposal.manifest.epoch >= from).slice(0, manifestLinksMax);
}

async function fetchLinks(gateway: string, from: number): Promise<readonly ManifestLink[]> {
  const url = new URL(`v1/network/manifests?from=${from}`, gateway.endsWith('/') ? gateway : `${gateway}/`);
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(fetchTimeoutMs) });
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return parseLinks(await response.text());
    } catch (cause) {
      if (isBoopError(cause)) throw cause;
      // A connection that was kept may have ended while links were verified.
      if (attempt === attemptsMax) throw new BoopError('join.no-links', `${url.origin} does not tell the manifests of its network`, { kind: 'unavailable', cause });
    }
  }
}

function readFile(file: string): string {
  if (!existsSync(file)) throw new BoopError('join.no-links', `${file} is not there`);
  return readFileSync(file, 'utf8');
}

/** @throws BoopError `join.malformed-links` */
function parseLinks(text: string): readonly ManifestLink[] {
  const malformed = new BoopError('join.malformed-links', 'the links of manifests have another form', { kind: 'peer' });
  if (text.length > bytesMax) throw malformed;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed;
  }
  const parsed = manifestChainSchema.safeParse(value);
  if (!parsed.success) throw malformed;
  return parsed.data.links;
}

import { acrOf } from '@boop/identity';
import { type NetworkManifest } from '@boop/protocol';

/** `acr` of a sign-in by passkey: the gateway vouches for it, not the nodes. */
export const acrPasskey = 'urn:boop:acr:passkey';

/** RFC 8176: proof of possession of a key in hardware, or of one that the person's devices share. */
export const amrOfPasskey = (singleDevice: boolean): string[] => [singleDevice ? 'hwk' : 'swk', 'user'];

const palmAcr = (manifest: NetworkManifest, verified: boolean, livenessLevel: number): string =>
  acrOf({ modality: 'palm', nodes: manifest.members.length, threshold: manifest.threshold, verified, livenessLevel });

/** Liveness levels that a context may ask for: up to the highest of the checks that the manifest lists. */
const livenessLevels = ({ livenessChecks = [] }: NetworkManifest): number[] => Array.from({ length: 1 + Math.max(0, ...livenessChecks.map(({ level }) => level)) }, (_, level) => level);

/** All that this network's tokens may say. */
export const acrValuesOf = (manifest: NetworkManifest): string[] => [...livenessLevels(manifest).flatMap((level) => [palmAcr(manifest, true, level), palmAcr(manifest, false, level)]), acrPasskey];

/** Which ways of signing in satisfy a request. */
export interface AcceptedWays {
  readonly palm: boolean;
  readonly passkey: boolean;
  /** A match that no family of committees confirmed. */
  readonly unverified: boolean;
  /** What a palm's liveness check must have; the lowest that was asked for. */
  readonly livenessLevel: number;
}

/**
 * Reads `acr_values` and the `acr` member of the `claims` parameter (OpenID Connect Core sections 3.1.2.1 and 5.5.1.1). Nothing known asked
 * for: every way will do.
 */
export function acceptedWays(params: Readonly<Record<string, unknown>>, manifest: NetworkManifest): AcceptedWays {
  const known = acrValuesOf(manifest);
  const asked = askedAcr(params).filter((acr) => known.includes(acr));
  const accepts = (acr: string): boolean => asked.length === 0 || asked.includes(acr);
  const livenessLevel = livenessLevels(manifest).find((level) => accepts(palmAcr(manifest, true, level)) || accepts(palmAcr(manifest, false, level))) ?? 0;
  const unverified = accepts(palmAcr(manifest, false, livenessLevel));
  return { palm: unverified || accepts(palmAcr(manifest, true, livenessLevel)), passkey: accepts(acrPasskey), unverified, livenessLevel };
}

function askedAcr(params: Readonly<Record<string, unknown>>): string[] {
  const values = typeof params['acr_values'] === 'string' ? params['acr_values'].split(' ') : [];
  return [...values, ...acrClaim(params['claims'])];
}

function acrClaim(claims: unknown): string[] {
  if (typeof claims !== 'string') return [];
  // The provider has refused what is no JSON object of the documented form.
  const { id_token: idToken } = JSON.parse(claims) as { id_token?: { acr?: { value?: unknown; values?: unknown } | null } };
  const { value, values } = idToken?.acr ?? {};
  return [value, ...(Array.isArray(values) ? (values as unknown[]) : [])].filter((each): each is string => typeof each === 'string');
}

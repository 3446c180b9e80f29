import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, toBase64Url } from '@boop/shared';
import { bytesField, consentTextSchema, idField } from '@boop/identity';
import { z } from 'zod';
import { livenessCheckSchema } from './liveness.ts';

/** Supported (N, t): honest majority, 2t+1 ≤ N. */
export const supportedParameters: readonly (readonly [nodes: number, threshold: number])[] = [[3, 1], [4, 1], [5, 1], [5, 2], [7, 2], [7, 3]];

/** Sessions of an epoch may go on for so long after the next one is served, as long as contexts live; then nodes erase its shares. */
export const epochDrainSeconds = 90;

export const memberSchema = z.strictObject({
  /** Share index, 1…N. */
  party: z.number().int().min(1).max(255),
  name: idField,
  /** ISO 3166-1 alpha-2. */
  jurisdiction: z.string().regex(/^[A-Z]{2}$/),
  /** Ed25519 identity that signs statements. */
  identityKey: bytesField(32),
  /** X25519 key that shares are sealed to. */
  hpkeKey: bytesField(32),
  host: z.string().min(1).max(255),
  linkPort: z.number().int().min(1).max(65_535),
});
export type Member = z.infer<typeof memberSchema>;

/** One entry of the menu from which each node looks θ up itself; a request names the entry, never θ. */
export const operatingPointSchema = z.strictObject({ id: idField, encoder: idField, falseMatchRate: z.number().positive().max(1), theta: z.number().int() });
export type OperatingPoint = z.infer<typeof operatingPointSchema>;

/** What all parties agree on before anything runs. */
export const networkManifestSchema = z
  .strictObject({
    v: z.literal(1),
    networkId: idField,
    /** Two members in one jurisdiction are refused unless this is set. */
    testNetwork: z.boolean(),
    epoch: z.number().int().positive(),
    threshold: z.number().int().min(1).max(3),
    members: z.array(memberSchema).min(3).max(7),
    /** C2SP checkpoint origin of the network's log. */
    logOrigin: z.string().regex(/^[^\s+]{1,255}$/),
    operatingPoints: z.array(operatingPointSchema).min(1).max(32),
    defaultOperatingPoint: idField,
    consentTexts: z.array(consentTextSchema).min(1).max(64),
    /** SHA-256 digests of the node software that may take part, old and new ones during an upgrade; any where absent. */
    software: z.array(bytesField(32)).min(1).max(8).optional(),
    /** Whose verdicts on captures nodes take; without any no context can ask for liveness. */
    livenessChecks: z.array(livenessCheckSchema).min(1).max(64).optional(),
  })
  .superRefine((manifest, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', message });
    if (!supportedParameters.some(([nodes, threshold]) => nodes === manifest.members.length && threshold === manifest.threshold))
      problem('unsupported number of nodes and threshold');
    if (manifest.members.some(({ party }, index) => party !== index + 1)) problem('members must be listed in order of their share index 1…N');
    if (!manifest.operatingPoints.some(({ id }) => id === manifest.defaultOperatingPoint)) problem('the default operating point is not in the menu');
    const checkers = manifest.livenessChecks?.map(({ id, publicKey }) => `${id} ${publicKey}`) ?? [];
    if (new Set(checkers).size < checkers.length) problem('a liveness check is listed twice with one key');
    const jurisdictions = new Set(manifest.members.map(({ jurisdiction }) => jurisdiction));
    if (!manifest.testNetwork && jurisdictions.size < manifest.members.length) problem('two members in one jurisdiction');
  });
export type NetworkManifest = z.infer<typeof networkManifestSchema>;

/** @throws BoopError `manifest.invalid`, naming the path of each problem */
export function parseManifest(value: unknown): NetworkManifest {
  const parsed = networkManifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'manifest'}: ${message}`);
  throw new BoopError('manifest.invalid', problems.join('; '), { kind: 'fatal' });
}

/**
 * Whether two manifests name one node in a place. A node that rotates a key keeps the other one; who comes in a custodian's place brings both. Whoever changes
 * both at once counts as another node.
 */
export const isSameNode = (before: Pick<Member, 'identityKey' | 'hpkeKey'>, after: Pick<Member, 'identityKey' | 'hpkeKey'>): boolean =>
  before.identityKey === after.identityKey || before.hpkeKey === after.hpkeKey;

/** Names a manifest: SHA-256 of its canonical JSON, base64url. */
export const manifestDigest = (manifest: NetworkManifest): string => toBase64Url(sha256(canonicalJson(manifest)));

/** Signers needed for a group key: 2t+1 in general; for the log, so many that any two quorums share an honest node. */
export function signersNeeded(key: string, nodes: number, threshold: number): number {
  return key === 'log' ? Math.max(2 * threshold + 1, Math.floor((nodes + threshold) / 2) + 1) : 2 * threshold + 1;
}

import { type AuthenticationContext, type ConsentText, giveConsent, type Position, type RegistrationContext, sessionIdOf, type SignedConsent, type SigningKey } from '@boop/identity';
import { countValid, palmStatistic, splitTemplate } from '@boop/mpc';
import { joinShares, type NetworkManifest, type SealedSplit, sealSplit, type SplitHeader, type SplitItemPurpose } from '@boop/protocol';
import { type Rng, toBase64Url } from '@boop/shared';

export const encoder = 'palm-compcode-1';
export const theta = 100;
export const consentText: ConsentText = { version: 'consent-1', locale: 'en', title: 'Consent', text: 'A palm is compared without being stored anywhere as a whole.' };

/** Of a registration that ends by itself. */
export const briefConsentText: ConsentText = { version: 'consent-brief', locale: 'en', title: 'Consent for a day', text: 'A palm is compared for a day.', retentionSeconds: 86_400 };

const pixels = 1024;
const planes = 3;

/** A random palm: all pixels valid, three fair bits each. Another palm scores about −1,024 against it. */
export function randomPalm(rng: Rng): Int8Array {
  const values = new Int8Array(pixels * (planes + 1)).fill(1);
  const bits = rng.bytes(pixels * planes);
  for (let i = 0; i < pixels * planes; i++) values[i] = (bits[i]! & 1) === 0 ? 1 : -1;
  return values;
}

/** Another capture of the same palm: a tenth of the bits differ; it scores about 1,400 against the first. */
export function capture(palm: Int8Array, rng: Rng): Int8Array {
  const noise = rng.bytes(pixels * planes);
  return palm.map((value, i) => (i < pixels * planes && noise[i]! < 26 ? -value : value));
}

export interface Splitter {
  readonly manifest: NetworkManifest;
  readonly rng: Rng;
  readonly device: SigningKey;
}

/** Seals whatever is handed in, node i's concatenated shares at index i − 1. */
export async function sealShares({ manifest, device }: Splitter, header: Pick<SplitHeader, 'purpose' | 'sessionId' | 'items'> & Partial<SplitHeader>, perNode: readonly Uint8Array[]): Promise<SealedSplit> {
  const full: SplitHeader = { v: 1, networkId: manifest.networkId, epoch: manifest.epoch, encoder, splitAt: 'edge', ...header };
  return await sealSplit(full, perNode, manifest.members, device);
}

/** Splits and seals templates for all nodes, as a device does. */
export async function seal(splitter: Splitter, header: Pick<SplitHeader, 'purpose' | 'sessionId'> & Partial<SplitHeader>, purposes: readonly SplitItemPurpose[], templates: readonly Int8Array[]): Promise<SealedSplit> {
  const { manifest, rng } = splitter;
  const parameters = { nodes: manifest.members.length, threshold: manifest.threshold };
  const shares = templates.map((template) => splitTemplate(template, palmStatistic, parameters, rng));
  const perNode = manifest.members.map((_, at) => joinShares(shares.map((all) => all[at]!)));
  const items = purposes.map((purpose, at) => ({ ...purpose, valid: countValid(palmStatistic, templates[at]!) }));
  return await sealShares(splitter, { items, ...header }, perNode);
}

export function authenticationContext(manifest: NetworkManifest, rng: Rng, nowMs: number, changes: Partial<AuthenticationContext> = {}): AuthenticationContext {
  const issuedAt = Math.floor(nowMs / 1000);
  return {
    v: 1,
    kind: 'authentication',
    networkId: manifest.networkId,
    contextId: `c${toHexId(rng)}`,
    issuer: 'http://127.0.0.1:40401',
    vendorId: 'vendor-1',
    sector: 'vendor-1.example',
    type: 'access',
    nonce: toBase64Url(rng.bytes(16)),
    policy: { operatingPoint: 'default', acceptUnverified: true, acceptGatewaySplit: false },
    issuedAt,
    expiresAt: issuedAt + 30,
    ...changes,
  };
}

export function registrationContext(manifest: NetworkManifest, rng: Rng, nowMs: number, positions: Position[]): RegistrationContext {
  const issuedAt = Math.floor(nowMs / 1000);
  return {
    v: 1,
    kind: 'registration',
    networkId: manifest.networkId,
    registrationId: `r${toHexId(rng)}`,
    positions,
    samplesPerPosition: 3,
    consentVersion: consentText.version,
    operatingPoint: 'default',
    nonce: toBase64Url(rng.bytes(16)),
    issuedAt,
    expiresAt: issuedAt + 600,
  };
}

/** A probe for a context: what a terminal sends. */
export async function probe(splitter: Splitter, context: AuthenticationContext, template: Int8Array, changes: Partial<SplitHeader> = {}): Promise<{ context: AuthenticationContext; split: SealedSplit }> {
  return { context, split: await seal(splitter, { purpose: 'authentication', sessionId: sessionIdOf(context), ...changes }, [{ role: 'probe' }], [template]) };
}

/** Every other bit of one palm and the rest of another: it matches both, with about 500. */
export const halfOf = (palm: Int8Array, rest: Int8Array): Int8Array => palm.map((value, i) => (i % 2 === 0 ? value : rest[i]!));

/** Consent and templates of one person: what the SDK sends. By default fresh captures of each palm. */
export async function enrolment(
  splitter: Splitter,
  palms: Partial<Record<Position, Int8Array>>,
  nowMs: number,
  samplesOf: (palm: Int8Array) => Int8Array[] = (palm) => [1, 2, 3].map(() => capture(palm, splitter.rng)),
  text: ConsentText = consentText,
  renews?: string,
): Promise<{ context: RegistrationContext; consent: SignedConsent; split: SealedSplit }> {
  const { manifest, rng, device } = splitter;
  const positions = Object.keys(palms) as Position[];
  const context = { ...registrationContext(manifest, rng, nowMs, positions), consentVersion: text.version };
  const consent = giveConsent({ networkId: manifest.networkId, registrationId: context.registrationId, text, givenAt: context.issuedAt, renews }, device);
  const items: SplitItemPurpose[] = [];
  const templates: Int8Array[] = [];
  for (const position of positions) {
    items.push({ role: 'reference', position });
    templates.push(palms[position]!);
    samplesOf(palms[position]!).forEach((sample, index) => {
      items.push({ role: 'sample', position, index });
      templates.push(sample);
    });
  }
  const split = await seal(splitter, { purpose: 'registration', sessionId: sessionIdOf(context) }, items, templates);
  return { context, consent, split };
}

const toHexId = (rng: Rng): string => [...rng.bytes(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

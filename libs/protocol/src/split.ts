import { x25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesField, blobField, idField, positionSchema, type SigningKey, type VerifyEd25519, verifySignature } from '@boop/identity';
import { BoopError, canonicalJson, concatBytes, fromBase64Url, lengthPrefixed, toBase64Url, utf8 } from '@boop/shared';
import { z } from 'zod';
import { AgreementKey, hpkeSuite as suite, type OpenAesGcm, suiteOf } from './hpke-agreement.ts';
import { signedVerdictSchema } from './liveness.ts';

/** What a shared template in a split is for. */
export const splitItemPurposeSchema = z.strictObject({
  role: z.enum(['probe', 'reference', 'sample']),
  position: positionSchema.optional(),
  /** Index of a sample within its position, from 0. */
  index: z.number().int().min(0).max(9).optional(),
});
export type SplitItemPurpose = z.infer<typeof splitItemPurposeSchema>;

/** A shared template as its splitter declares it, in the order in which a node's shares are concatenated. */
export const splitItemSchema = splitItemPurposeSchema.extend({
  /** Number of valid mask coordinates. Public; the nodes check it over shares. */
  valid: z.number().int().min(0).max(65_535),
});
export type SplitItem = z.infer<typeof splitItemSchema>;

export const splitHeaderSchema = z.strictObject({
  v: z.literal(1),
  networkId: idField,
  epoch: z.number().int().positive(),
  purpose: z.enum(['authentication', 'registration']),
  sessionId: bytesField(32),
  /** Encoder and version of all templates in the split. */
  encoder: idField,
  splitAt: z.enum(['edge', 'gateway']),
  items: z.array(splitItemSchema).min(1).max(8),
});
export type SplitHeader = z.infer<typeof splitHeaderSchema>;

/** HPKE base mode output for one node. */
export const envelopeSchema = z.strictObject({ party: z.number().int().min(1).max(255), enc: bytesField(32), ciphertext: blobField(128 * 1024) });
export type Envelope = z.infer<typeof envelopeSchema>;

/**
 * A template's shares on their way: readable by nobody but the node that each envelope names. HPKE base mode
 * authenticates no sender, so the device's key signs the header and the hashes of all envelopes.
 */
export const sealedSplitSchema = z.strictObject({
  header: splitHeaderSchema,
  deviceKey: bytesField(32),
  signature: bytesField(64),
  /** What a liveness check said of the capture; bound to this split by its hash. */
  liveness: signedVerdictSchema.optional(),
  envelopes: z.array(envelopeSchema).min(3).max(7),
});
export type SealedSplit = z.infer<typeof sealedSplitSchema>;

/** What one node gets: its own envelope, and the hashes of all of them. */
export const nodeSplitSchema = z.strictObject({
  header: splitHeaderSchema,
  deviceKey: bytesField(32),
  signature: bytesField(64),
  liveness: signedVerdictSchema.optional(),
  hashes: z.array(bytesField(32)).min(3).max(7),
  envelope: envelopeSchema,
});
export type NodeSplit = z.infer<typeof nodeSplitSchema>;

const info = utf8('boop-share/1');
const domain = 'boop-split/1';

/** Associated data: network, epoch, node, purpose and session, so a share opens in exactly one place. */
const associatedData = (header: SplitHeader, party: number): Uint8Array => lengthPrefixed(canonicalJson(header), utf8(String(party)));

const envelopeHash = (envelope: Envelope): string =>
  toBase64Url(sha256(lengthPrefixed(utf8(String(envelope.party)), fromBase64Url(envelope.enc), fromBase64Url(envelope.ciphertext))));

/** Of the envelopes of a split that is handed on to its nodes, one after the other; they are never changed in place. */
const hashesKnown = new WeakMap<Envelope, string>();

function knownEnvelopeHash(envelope: Envelope): string {
  const known = hashesKnown.get(envelope) ?? envelopeHash(envelope);
  hashesKnown.set(envelope, known);
  return known;
}

const signedBytes = (header: SplitHeader, hashes: readonly string[]): Uint8Array => canonicalJson({ header, hashes });

/** Names one split: SHA-256 over header and envelope hashes. One split gets one decision. */
export const splitHash = (split: { header: SplitHeader; hashes: readonly string[] }): string => toBase64Url(sha256(signedBytes(split.header, split.hashes)));

export const envelopeHashes = (split: SealedSplit): string[] => split.envelopes.map(envelopeHash);

/**
 * Seals one node's shares each and signs the whole.
 * @param shares shares[i] = concatenation over `header.items` of node i+1's encoded share
 * @param members HPKE public keys in order of share index
 */
export async function sealSplit(header: SplitHeader, shares: readonly Uint8Array[], members: readonly { party: number; hpkeKey: string }[], device: SigningKey): Promise<SealedSplit> {
  if (shares.length !== members.length) throw new RangeError('one share per member');
  const envelopes = await Promise.all(
    members.map(async ({ party, hpkeKey }, i): Promise<Envelope> => {
      const key = await suite.DeserializePublicKey(fromBase64Url(hpkeKey));
      const sealed = await suite.Seal(key, shares[i]!, { aad: associatedData(header, party), info });
      return { party, enc: toBase64Url(sealed.encapsulatedSecret), ciphertext: toBase64Url(sealed.ciphertext) };
    }),
  );
  const signature = device.sign(domain, signedBytes(header, envelopes.map(envelopeHash)));
  return { header, deviceKey: device.publicKey, signature, envelopes };
}

/** The part of a split that one node gets. */
export function splitFor(split: SealedSplit, party: number): NodeSplit {
  const envelope = split.envelopes.find((candidate) => candidate.party === party);
  if (!envelope) throw new BoopError('split.incomplete', 'the split has no envelope for a member of the network');
  const { header, deviceKey, signature, liveness } = split;
  return { header, deviceKey, signature, ...(liveness ? { liveness } : {}), hashes: split.envelopes.map(knownEnvelopeHash), envelope };
}

/** What a split names, its nodes included, means something in its epoch alone. @throws BoopError `share.wrong-epoch`, which is to be tried again with the manifest in force */
export function checkSplitEpoch(header: SplitHeader, { networkId, epoch }: { networkId: string; epoch: number }): void {
  if (header.networkId !== networkId || header.epoch !== epoch) throw new BoopError('share.wrong-epoch', 'the share was sealed for another network or epoch', { retryAllowed: true });
}

/**
 * Checks a node's part of a split without opening it.
 * @throws BoopError `share.wrong-node`, `share.wrong-epoch`, `share.wrong-session`, `split.incomplete`, `split.altered`
 */
export function checkSplit(split: NodeSplit, expected: { networkId: string; epoch: number; party: number; nodes: number; purpose: SplitHeader['purpose']; sessionId: string }, verify?: VerifyEd25519): void {
  const { header, envelope, hashes } = split;
  if (envelope.party !== expected.party) throw new BoopError('share.wrong-node', 'the share was sealed to another node');
  checkSplitEpoch(header, expected);
  if (header.sessionId !== expected.sessionId || header.purpose !== expected.purpose) throw new BoopError('share.wrong-session', 'the share was sealed for another session or purpose');
  if (hashes.length !== expected.nodes) throw new BoopError('split.incomplete', 'the split does not cover all nodes');
  if (hashes[expected.party - 1] !== envelopeHash(envelope) || !verifySignature(domain, signedBytes(header, hashes), split.signature, split.deviceKey, verify))
    throw new BoopError('split.altered', 'the split differs from what the device signed');
}

/**
 * Opens a node's envelope; call {@link checkSplit} first.
 * @returns the node's concatenated shares
 * @throws BoopError `share.unopenable` when the envelope was not sealed to this key with these data
 */
export async function openShare(split: NodeSplit, privateKey: HpkeKeyPair['privateKey']): Promise<Uint8Array> {
  try {
    return await suiteOf(privateKey).Open(privateKey as CryptoKey, fromBase64Url(split.envelope.enc), fromBase64Url(split.envelope.ciphertext), { aad: associatedData(split.header, split.envelope.party), info });
  } catch {
    throw new BoopError('share.unopenable', 'the share was not sealed to this node for this session');
  }
}

export interface HpkeKeyPair {
  readonly privateKey: CryptoKey | AgreementKey;
  /** 32 bytes as base64url. */
  readonly publicKey: string;
}

/** Derives a node's HPKE key pair (RFC 9180 section 7.1.3) from 32 bytes of key material out of its custody. */
export async function deriveHpkeKeyPair(keyMaterial: Uint8Array): Promise<HpkeKeyPair> {
  const pair = await suite.DeriveKeyPair(keyMaterial, false);
  return { privateKey: pair.privateKey as CryptoKey, publicKey: toBase64Url(await suite.SerializePublicKey(pair.publicKey)) };
}

/**
 * The pair of a private key that stays in its custody.
 * @param agree X25519 (RFC 7748) of that key and a sender's public key, 32 bytes
 * @param open a faster way to open than Web Cryptography
 */
export function heldHpkeKeyPair(publicKey: Uint8Array, agree: (publicKey: Uint8Array) => Uint8Array, open?: OpenAesGcm): HpkeKeyPair {
  return { privateKey: new AgreementKey(publicKey, agree, open), publicKey: toBase64Url(publicKey) };
}

/** The pair of an X25519 private key (RFC 9180 SerializePrivateKey, 32 bytes) that a custody holds as such. */
export async function importHpkeKeyPair(privateKey: Uint8Array): Promise<HpkeKeyPair> {
  const key = await suite.DeserializePrivateKey(privateKey, false);
  return { privateKey: key as CryptoKey, publicKey: toBase64Url(x25519.getPublicKey(privateKey)) };
}

/** Concatenates one node's encoded shares of several templates. */
export const joinShares = (shares: readonly Uint8Array[]): Uint8Array => concatBytes(...shares);

/**
 * Cuts a node's opened plaintext into its items.
 * @throws BoopError `share.malformed` when it isn't exactly `items` shares of `shareBytes`
 */
export function cutShares(plaintext: Uint8Array, items: number, shareBytes: number): Uint8Array[] {
  if (plaintext.length !== items * shareBytes) throw new BoopError('share.malformed', 'the share has the wrong length');
  return Array.from({ length: items }, (_, i) => plaintext.slice(i * shareBytes, (i + 1) * shareBytes));
}


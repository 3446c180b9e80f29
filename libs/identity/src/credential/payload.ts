import { sha256 } from '@noble/hashes/sha2.js';
import { BoopError, canonicalJson, fromBase64Url, fromUtf8, lengthPrefixed, toBase64Url, uint32, utf8 } from '@boop/shared';
import { z } from 'zod';
import { type AttributeDocument } from '../attributes/record.ts';
import { secondsField } from '../encoding.ts';
import { jwkThumbprint } from '../keys.ts';
import { type CredentialRequest, credentialRequestHash } from './request.ts';
import { statusListUri } from './status-list.ts';

/** `vct` of our credentials (RFC 9901 has SD-JWT, draft-ietf-oauth-sd-jwt-vc the type). */
export const credentialType = 'urn:boop:credential:attributes:1';

/** The two parts of a credential: what an accredited issuer attested, and what a person said of itself. */
export const credentialGroups = ['attested', 'self_asserted'] as const;
export type CredentialGroup = (typeof credentialGroups)[number];

/** An attribute that an issuer signed is attested, whatever its kind; everything else is the person's own word. */
export const groupOfAttribute = ({ issuer }: Pick<AttributeDocument, 'issuer'>): CredentialGroup => (issuer ? 'attested' : 'self_asserted');

const digestsPerStep = 4;

export interface CredentialInput {
  /** `iss`: the network's issuer. A verifier that knows it knows the status list too, whose address follows from it. */
  readonly issuer: string;
  readonly request: CredentialRequest;
  /** Place in the status list. */
  readonly index: number;
  /** The documents of the requested attributes, from the signer's own records. */
  readonly documents: readonly AttributeDocument[];
}

/**
 * The only way to a credential's claims. Every node calls it with its own records; equal records give equal bytes. Digests are sorted and
 * padded with decoys (RFC 9901 section 4.2.5), so that neither order nor number tells which attributes there are.
 * @throws BoopError `credential.unknown-attribute` when a document is missing or of another version, `credential.expired-attribute`
 */
export function credentialPayload({ issuer, request, index, documents }: CredentialInput) {
  const chosen = request.attributes.map(({ attribute, version }) => {
    const document = documents.find((candidate) => candidate.attribute === attribute);
    if (document?.version !== version) throw new BoopError('credential.unknown-attribute', 'an attribute is not there in this version');
    if (document.validFrom > request.issuedAt || (document.expiresAt !== undefined && document.expiresAt <= request.issuedAt)) throw new BoopError('credential.expired-attribute', 'an attribute is not valid now');
    return document;
  });
  const seed = credentialRequestHash(request);
  const group = (name: CredentialGroup) => ({ _sd: padded(chosen.filter((document) => groupOfAttribute(document) === name).map(({ disclosure }) => disclosure), `${seed}/${name}`) });
  return {
    iss: issuer,
    vct: credentialType,
    iat: request.issuedAt,
    // No credential outlives what it is about.
    exp: Math.min(request.expiresAt, ...chosen.flatMap(({ expiresAt }) => expiresAt ?? [])),
    cnf: { jwk: request.holderKey },
    status: { status_list: { idx: index, uri: statusListUri(issuer) } },
    _sd_alg: 'sha-256',
    attested: group('attested'),
    self_asserted: group('self_asserted'),
  };
}
export type CredentialPayload = ReturnType<typeof credentialPayload>;

function padded(digests: readonly string[], seed: string): string[] {
  const size = Math.max(1, Math.ceil(digests.length / digestsPerStep)) * digestsPerStep;
  const decoys = Array.from({ length: size - digests.length }, (_, i) => toBase64Url(sha256(lengthPrefixed(utf8('boop-decoy/1'), utf8(seed), uint32(i)))));
  return [...digests, ...decoys].sort();
}

/** JWS signing input (RFC 7515 section 5.1) under the group key `credential`, 32 bytes. */
export function credentialSigningInput(payload: CredentialPayload, publicKey: Uint8Array): Uint8Array {
  const header = { alg: 'EdDSA', kid: jwkThumbprint(toBase64Url(publicKey)), typ: 'dc+sd-jwt' };
  return utf8(`${toBase64Url(canonicalJson(header))}.${toBase64Url(canonicalJson(payload))}`);
}

/** `exp` of a credential that was just signed; seconds. @throws BoopError `credential.malformed` */
export function credentialEnd(token: string): number {
  try {
    return endSchema.parse(JSON.parse(fromUtf8(fromBase64Url(token.split('.')[1]!)))).exp;
  } catch {
    throw new BoopError('credential.malformed', 'not a credential of this network', { kind: 'peer' });
  }
}
const endSchema = z.looseObject({ exp: secondsField });
